/**
 * The end checker (reliability.md 1, K3): an independent program that reads what clients were told, what third parties really did and the tables at the end,
 * and says of each promise whether it was kept. It imports nothing of the services.
 */
import { type Check, client_checks, type Verdict } from './checks_clients.ts';
import { cybersource_checks } from './checks_cybersource.ts';
import { ledger_checks } from './checks_ledgers.ts';
import { third_party_checks } from './checks_third_parties.ts';
import type { Evidence } from './evidence.ts';

const shown_max = 10;
const says_width = 96;
const checks: readonly Check[] = [...client_checks, ...ledger_checks, ...cybersource_checks, ...third_party_checks];

export function judge(evidence: Evidence): Verdict[] {
  return checks.map(({ promise, says, run }) => ({ promise, says, ...run(evidence) }));
}

/** One line per promise. `–`: this run had no case of it. */
export function print_verdict({ promise, says, checked, broken }: Verdict): void {
  const mark = broken.length > 0 ? '✖' : checked === 0 ? '–' : '✔';
  console.log(
    `  ${mark} ${promise.padEnd(4)} ${says.padEnd(says_width)} ${broken.length === 0 ? `${checked} checked` : `${broken.length} of ${checked}`}`,
  );
  for (const detail of broken.slice(0, shown_max)) console.log(`      ${detail}`);
  if (broken.length > shown_max) console.log(`      … and ${broken.length - shown_max} more`);
}
