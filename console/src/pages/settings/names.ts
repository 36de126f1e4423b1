/** Names of those who act: staff and keys, by id. Only an admin may read them; others see ids. */
import { type PageOf, useGet } from '../../queries.ts';
import { useMay } from '../../session.tsx';
import type { ApiKey, StaffMember } from '../../types/gateway.ts';

export function useActorName(): (id: string) => string {
  const may = useMay();
  const enabled = may('admin');
  const staff = useGet<PageOf<StaffMember>>('/v1/staff', { limit: 200 }, { enabled });
  const keys = useGet<PageOf<ApiKey>>('/v1/keys', { limit: 200 }, { enabled });
  return actor => {
    // Events name actors with what they are: staff:stf_…
    const id = actor.slice(actor.indexOf(':') + 1);
    const name = staff.data?.data.find(one => one.id === id)?.username ?? keys.data?.data.find(one => one.id === id)?.name;
    return name ?? (id === '' ? 'nobody' : id);
  };
}
