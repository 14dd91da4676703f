import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseAddress } from './address.ts';
import { type GatewayRoutes, diffGatewayRoutes, gatewayRoutes, toText } from './gateway-routes.ts';
import { parsePrefix } from './prefix.ts';

const table = (byDestination: Readonly<Record<string, string>>): GatewayRoutes =>
  gatewayRoutes(
    Object.entries(byDestination).map(([destination, via]) => ({
      destination: parsePrefix(destination)!,
      via: parseAddress(via)!,
    })),
  );

describe('diffGatewayRoutes()', () => {
  const routes = fc
    .dictionary(
      fc.constantFrom('10.244.1.0/24', '192.0.2.1/32', 'fd00:1::/64'),
      fc.constantFrom('172.30.0.11', '172.30.0.12'),
    )
    .map(table);

  it('its changes make the actual routes the wanted ones; there are none where they are the same', () => {
    fc.assert(
      fc.property(routes, routes, (wanted, actual) => {
        const changed = new Map(actual);
        for (const { kind, route } of diffGatewayRoutes(wanted, actual)) {
          const [[key] = ['']] = [...gatewayRoutes([route])];
          if (kind === 'replace') changed.set(key, route);
          else changed.delete(key);
        }
        assert.equal(toText(changed), toText(wanted));
        assert.deepEqual(diffGatewayRoutes(wanted, wanted), []);
      }),
    );
  });

  it('adds before it deletes', () => {
    const [a, b] = ['10.244.1.0/24', '10.244.2.0/24'].map((cidr) => table({ [cidr]: '172.30.0.9' }));
    assert.deepEqual(
      diffGatewayRoutes(b!, a!).map(({ kind }) => kind),
      ['replace', 'delete'],
    );
  });
});
