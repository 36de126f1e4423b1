/** Why a question in a person's own words is not answered. */
import { Problem } from '../../../platform/route.ts';

const of_sql = (code: string, cause?: unknown) => ({ cause, errors: [{ pointer: '/sql', code }] });

export function refused(detail: string): Problem {
  return new Problem(422, 'query_refused', detail, of_sql('query_refused'));
}

export function too_expensive(detail: string, cause: unknown): Problem {
  return new Problem(422, 'query_too_expensive', detail, of_sql('query_too_expensive', cause));
}

/** The engine's own words, without paths. */
export function invalid_sql(detail: string, cause?: unknown): Problem {
  return new Problem(422, 'query_invalid', detail, of_sql('query_invalid', cause));
}
