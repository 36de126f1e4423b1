/** Adding an endpoint: where, and which events. */
import { type ReactNode, useState } from 'react';
import { Confirm } from '../../components/Dialog.tsx';
import { TextField } from '../../components/Field.tsx';
import { useAction, useGet } from '../../queries.ts';
import type { WebhookEndpoint } from '../../types/gateway.ts';

interface Body {
  readonly url: string;
  readonly events: readonly string[];
  readonly description: string;
}
interface CreateProps {
  close(): void;
  made(given: { url: string; secret: string }): void;
}

/** What an endpoint may hear of is written where every client reads it: in the API's own document. */
interface AsyncApi {
  readonly components?: { readonly messages?: Readonly<Record<string, unknown>> };
}

export function CreateEndpoint({ close, made }: CreateProps): ReactNode {
  const [url, set_url] = useState('');
  const [description, set_description] = useState('');
  const [every, set_every] = useState(true);
  const [events, set_events] = useState<readonly string[]>([]);
  const document = useGet<AsyncApi>('/asyncapi.json', {}, { enabled: !every });
  const types = Object.keys(document.data?.components?.messages ?? {}).sort();
  const create = useAction<Body, WebhookEndpoint & { secret: string }>({
    path: () => '/v1/webhook-endpoints',
    invalidates: ['/v1/webhook-endpoints'],
    done: endpoint => `Events are sent to ${endpoint.url} from now on`,
  });
  const toggle = (type: string) => set_events(events.includes(type) ? events.filter(one => one !== type) : [...events, type]);
  return (
    <Confirm
      open
      close={close}
      wide
      title="Add an endpoint"
      why="It gets each event as a CloudEvent in JSON, in order for each order, at least once."
      deed="Add endpoint"
      ready={url.trim() !== '' && (every || events.length > 0)}
      run={async () => {
        const endpoint = await create.run({ url: url.trim(), events: every ? ['*'] : events, description: description.trim() });
        made({ url: endpoint.url, secret: endpoint.secret });
      }}
    >
      <TextField
        label="Address"
        type="url"
        required
        autoComplete="off"
        placeholder="https://shop.example.com/hooks"
        hint="https, and public: addresses inside a private network are refused."
        value={url}
        onChange={event => set_url(event.target.value)}
      />
      <TextField label="Description" maxLength={500} value={description} onChange={event => set_description(event.target.value)} />
      <label className="check">
        <input type="checkbox" checked={every} onChange={event => set_every(event.target.checked)} />
        Every event, those of the future too
      </label>
      {!every && (
        <fieldset className="units">
          <legend>Events</legend>
          <div className="choices">
            {types.map(type => (
              <label key={type} className="check">
                <input type="checkbox" checked={events.includes(type)} onChange={() => toggle(type)} />
                {type}
              </label>
            ))}
          </div>
        </fieldset>
      )}
    </Confirm>
  );
}
