import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodSpec } from '../../k8s/generated/types.ts';
import { podHostName } from './hostname.ts';
import { hostNetworkHostsFile, hostsFile } from './hosts-file.ts';
import { podDns } from './resolv-conf.ts';

describe('podDns()', () => {
  const dns = (spec: Partial<PodSpec>): string => {
    const { servers, searches, options } = podDns({
      spec: { containers: [], ...spec },
      namespace: 'ns',
      domain: 'cluster.local',
      dnsServiceIps: ['10.96.0.10', 'fd00::a'],
      host: { nameservers: ['192.0.2.53'], searches: ['example.org', '.'] },
    });
    return `${servers.join(' ')} | ${searches.join(' ')} | ${options.join(' ')}`;
  };
  const CLUSTER =
    '10.96.0.10 fd00::a | ns.svc.cluster.local svc.cluster.local cluster.local example.org | ndots:5';
  const HOST = '192.0.2.53 | example.org | ';

  it('follows dnsPolicy', () => {
    assert.equal(dns({}), CLUSTER);
    assert.equal(dns({ hostNetwork: true, dnsPolicy: 'ClusterFirst' }), HOST);
    assert.equal(dns({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }), CLUSTER);
    assert.equal(dns({ dnsPolicy: 'Default' }), HOST);
    assert.equal(dns({ dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } }), '1.1.1.1 |  | ');
  });

  it('merges dnsConfig: servers and searches once, options by name, three servers at most', () => {
    const dnsConfig = {
      nameservers: ['10.96.0.10', '192.0.2.1', '192.0.2.2'],
      searches: ['svc.cluster.local', 'more.example'],
      options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
    };
    assert.equal(
      dns({ dnsConfig }),
      '10.96.0.10 fd00::a 192.0.2.1 | ns.svc.cluster.local svc.cluster.local cluster.local example.org more.example | ndots:2 edns0',
    );
  });
});

describe('hostsFile()', () => {
  it('has localhost, the pod by its names in both families, and the aliases', () => {
    const text = hostsFile({
      ips: ['10.244.0.7', 'fd00::7'],
      hostname: 'web-0',
      fqdn: 'web-0.nginx.ns.svc.cluster.local',
      aliases: [{ ip: '192.0.2.9', hostnames: ['a.example', 'b.example'] }],
    });
    assert.match(text, /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n::1\tlocalhost /);
    assert.ok(
      text.endsWith(
        '10.244.0.7\tweb-0.nginx.ns.svc.cluster.local\tweb-0\n' +
          'fd00::7\tweb-0.nginx.ns.svc.cluster.local\tweb-0\n' +
          '\n# Entries added by HostAliases.\n192.0.2.9\ta.example\tb.example\n',
      ),
    );
  });

  it('for hostNetwork is the file of the node', () => {
    assert.equal(
      hostNetworkHostsFile('127.0.0.1 localhost\n', []),
      '# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n',
    );
  });
});

describe('podHostName()', () => {
  const named = (name: string, spec: Partial<PodSpec>) =>
    podHostName(
      {
        metadata: { name, namespace: 'ns', uid: '', resourceVersion: '', creationTimestamp: '' },
        spec: { containers: [], ...spec },
      },
      'cluster.local',
    );

  it('is the name of the pod, or what the spec says, with a domain only in a subdomain', () => {
    assert.deepEqual(named('web', {}), { hostname: 'web', fqdn: undefined });
    assert.deepEqual(named('web', { hostname: 'h', subdomain: 's' }), {
      hostname: 'h',
      fqdn: 'h.s.ns.svc.cluster.local',
    });
    const fqdn = 'web.s.ns.svc.cluster.local';
    assert.deepEqual(named('web', { subdomain: 's', setHostnameAsFQDN: true }), { hostname: fqdn, fqdn });
  });

  it('is cut to what the kernel takes, not ending in a dash', () => {
    assert.equal(named(`${'a'.repeat(62)}-b`, {}).hostname, 'a'.repeat(62));
  });
});
