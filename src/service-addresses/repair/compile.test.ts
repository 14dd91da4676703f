import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAs } from '../../../test/support/object-builders.ts';
import type { IPAddress, Service, ServiceSpec } from '../../k8s/generated/types.ts';
import { type Stored, keyOf } from '../../k8s/objects.ts';
import { ipAddressOf } from '../../k8s/service-addresses.ts';
import { type Finding, findingOfAddress, findingsOfService } from './compile.ts';

const service = (name: string, clusterIPs: readonly string[], spec: ServiceSpec = {}): Stored<Service> =>
  storedAs({ metadata: { namespace: 'ns', name }, spec: { clusterIPs, ...spec } });

const addressOf = (ip: string, owner: Stored<Service>): Stored<IPAddress> => storedAs(ipAddressOf(ip, owner));

const text = (finding: Finding): string =>
  [finding.event && `${finding.event.reason}: ${finding.event.message}`, finding.repair.kind]
    .filter(Boolean)
    .join(' -> ');

const check = (
  subject: Stored<Service>,
  addresses: readonly Stored<IPAddress>[],
  others: readonly Stored<Service>[] = [],
): readonly string[] =>
  findingsOfService(subject, {
    address: (ip) => addresses.find(({ metadata }) => metadata.name === ip),
    service: (key) => others.find((other) => keyOf(other) === key),
    isInRange: (ip) => ip.startsWith('10.96.') || ip.startsWith('fd00:'),
  }).map(text);

describe('findingsOfService()', () => {
  const web = service('web', ['10.96.0.5', 'fd00::5']);
  const own = [addressOf('10.96.0.5', web), addressOf('fd00::5', web)];

  it('none when every address is there and names the Service', () => {
    assert.deepEqual(check(web, own), []);
    assert.deepEqual(check(service('none', ['None']), []), []);
    assert.deepEqual(check(service('gone', ['10.96.0.5'], { type: 'ExternalName' }), []), []);
  });

  it('an address that is missing is made, however the Service writes it', () => {
    assert.deepEqual(check(web, own.slice(0, 1)), [
      'ClusterIPNotAllocated: Cluster IP [IPv6]: fd00::5 is not allocated; repairing -> create',
    ]);
    assert.deepEqual(check(service('web', ['010.096.0.5', 'FD00::05']), own), []);
  });

  it('out of range or no address at all: only said', () => {
    assert.deepEqual(check(service('web', ['192.0.2.1', 'x']), []), [
      'ClusterIPOutOfRange: Cluster IP [IPv4]: 192.0.2.1 is not within any configured Service CIDR; please recreate service -> none',
      'ClusterIPNotValid: Cluster IP x is not a valid IP; please recreate Service -> none',
    ]);
  });

  it('an address of something else is taken over, one of another Service that has it is not', () => {
    const single = service('web', ['10.96.0.5']);
    const wrong =
      'ClusterIPNotAllocated: the ClusterIP [IPv4]: 10.96.0.5 for Service ns/web has a wrong reference; repairing -> recreate';
    const gateway = { ...own[0]!, spec: { parentRef: { group: 'x.io', resource: 'gateways', name: 'web' } } };
    const other = service('other', ['10.96.0.5']);
    assert.deepEqual(check(single, [gateway]), [wrong]);
    assert.deepEqual(check(single, [addressOf('10.96.0.5', other)]), [wrong]);
    assert.deepEqual(check(single, [addressOf('10.96.0.5', other)], [service('other', ['10.96.0.6'])]), [
      wrong,
    ]);
    assert.deepEqual(check(single, [addressOf('10.96.0.5', other)], [other]), [
      'ClusterIPAlreadyAllocated: Cluster IP [IPv4]:10.96.0.5 was assigned to multiple services; please recreate service -> none',
    ]);
  });

  it('wrong labels are put right without a word', () => {
    const bare = { ...own[0]!, metadata: { ...own[0]!.metadata, labels: {} } };
    assert.deepEqual(check(service('web', ['10.96.0.5']), [bare]), ['recreate']);
  });
});

describe('findingOfAddress()', () => {
  const web = service('web', ['10.96.0.5']);
  const address = addressOf('10.96.0.5', web);
  const bornMs = Date.parse(address.metadata.creationTimestamp);
  const after = (seconds: number) => bornMs + seconds * 1000;

  it("none for one that its Service has, and for users' own", () => {
    assert.equal(findingOfAddress(address, web, after(100)), undefined);
    const users = { ...address, metadata: { ...address.metadata, labels: {} } };
    assert.equal(findingOfAddress(users, undefined, after(100)), undefined);
  });

  it('one without a Service is deleted after a minute', () => {
    assert.deepEqual(findingOfAddress(address, undefined, after(10)), { afterMs: 50_000 });
    assert.equal(
      text(findingOfAddress(address, undefined, after(60)) as Finding),
      'IPAddressNotAllocated: IPAddress: 10.96.0.5 for Service ns/web appears to have leaked: cleaning up -> delete',
    );
  });

  it('one that its Service does not have, or that is of something else, at once', () => {
    assert.equal(
      text(findingOfAddress(address, service('web', ['10.96.0.6']), after(1)) as Finding),
      'IPAddressWrongReference: IPAddress: 10.96.0.5 for Service ns/web has a wrong reference; cleaning up -> delete',
    );
    const gateway = { ...address, spec: { parentRef: { group: 'x.io', resource: 'gateways', name: 'web' } } };
    assert.equal(
      text(findingOfAddress(gateway, undefined, after(1)) as Finding),
      'IPAddressNotAllocated: IPAddress 10.96.0.5 appears to have been modified, not referencing a Service &ParentReference{Group:x.io,Resource:gateways,Namespace:,Name:web,}: cleaning up -> delete',
    );
  });
});
