/** For tests: EasyPost's own client, pointed at a stand-in. */
import * as api from '@easypost/api';

// The package ships an ES module and types that call it CommonJS, so the compiler sees one `default` more than there is.
type Client = (typeof api.default)['default'];
const EasyPostClient = api.default as unknown as Client;

export type OfficialClient = InstanceType<Client>;
/** `url`: the stand-in's. The base URL must end in a slash. */
export function official_client(url: string, key = 'EZTK_test'): OfficialClient {
  return new EasyPostClient(key, { baseUrl: `${url}/v2/` });
}
