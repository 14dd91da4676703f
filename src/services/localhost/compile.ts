// From a Service's facts to the ports that it has on the node's localhost (KEP-6032).
import type { Family } from '../../ip/address.ts';
import { actionOf } from '../compile.ts';
import type { ProxySite } from '../compile.ts';
import type { ServiceSnapshot } from '../select.ts';
import type { ServiceTable } from '../state.ts';

const LOCALHOST: Readonly<Record<Family, string>> = { 4: '127.0.0.1', 6: '::1' };

/** An entry for each TCP node port and family. Policy Local means this node's endpoints here too, as in the KEP. */
export const compileLocalhost = (
  service: ServiceSnapshot,
  site: ProxySite,
  families: readonly Family[],
): ServiceTable =>
  families
    .filter((family) => service.clusterIps.some((ip) => ip.family === family))
    .flatMap((family) =>
      service.ports.flatMap((port) => {
        if (port.protocol !== 'tcp' || port.nodePort === undefined) return [];
        const match = `tcp . ${LOCALHOST[family]} . ${port.nodePort}`;
        const policy = service.externalPolicy;
        return [
          {
            map: 'services',
            family,
            match,
            action: actionOf(service, port, { site, family, policy, masquerade: 'none' }),
          } as const,
        ];
      }),
    );
