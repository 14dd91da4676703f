// Services and their addresses with the real kubectl: what it prints, what it warns of, what it is refused.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaces } from '../../src/k8s/resources.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS, type Outcome } from '../support/test-cluster.ts';

describe('Services with kubectl', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api?.close());

  for (const [index, version] of KUBECTL_VERSIONS.entries()) {
    describe(version, () => {
      const namespace = `svc-${index}`;
      const raw = (args: readonly string[], input?: string): Promise<Outcome> =>
        api.kubectl(version, ['-n', namespace, ...args], input === undefined ? {} : { input });
      const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
        const { code, stdout, stderr } = await raw(args, input);
        assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      const refusal = async (args: readonly string[], input?: string): Promise<string> => {
        const { code, stderr } = await raw(args, input);
        assert.equal(code, 1, args.join(' '));
        return stderr;
      };
      const field = (name: string, path: string): Promise<string> =>
        kubectl(['get', 'svc', name, '-o', `jsonpath={${path}}`]);
      const patch = (name: string, spec: object): Promise<string> =>
        kubectl(['patch', 'svc', name, '-p', JSON.stringify({ spec })]);
      before(() => api.put(namespaces, { metadata: { name: namespace } }));

      it('ServiceCIDRs and IPAddresses, listed, described, found by a short name', async () => {
        assert.match(
          await kubectl(['get', 'servicecidrs']),
          /^NAME +CIDRS +AGE\n(?:extra.*\n)?kubernetes +10\.96\.0\.0\/16,fd00:10:96::\/112 +\d/,
        );
        await kubectl(['create', 'service', 'clusterip', 'web', '--tcp=80', `--clusterip=10.96.1.${index}`]);
        assert.match(
          await kubectl(['get', 'ip', `10.96.1.${index}`]),
          new RegExp(`^NAME +PARENTREF +AGE\n10\\.96\\.1\\.${index} +services/${namespace}/web +\\d`),
        );
        // Older ones ask for the beta version of the kind, which kube-apiserver does not serve by default either.
        if (version !== '1.32')
          assert.match(await kubectl(['describe', 'ip', `10.96.1.${index}`]), /Resource: +services/);
        const label = 'ipaddress.kubernetes.io/managed-by=ipallocator.k8s.io';
        assert.match(await kubectl(['get', 'ip', '-l', label, '-o', 'name']), /10\.96\.1\./);
        await kubectl(['delete', 'svc', 'web']);
        assert.match(
          await refusal(['get', 'ip', `10.96.1.${index}`]),
          /\(NotFound\): ipaddresses.networking/,
        );
      });

      it('a ServiceCIDR from a manifest gives addresses', async () => {
        const manifest = `apiVersion: networking.k8s.io/v1
kind: ServiceCIDR
metadata: { name: extra-${index} }
spec: { cidrs: [10.10${index}.0.0/24] }`;
        await kubectl(['apply', '-f', '-'], manifest);
        await kubectl(['create', 'service', 'clusterip', 'far', '--tcp=80', `--clusterip=10.10${index}.0.7`]);
        assert.match(
          await refusal(['apply', '-f', '-'], manifest.replace('0/24', '0/25')),
          /spec\.cidrs\[0\]: Invalid value: "10\.10\d\.0\.0\/25": field is immutable/,
        );
        assert.match(
          await refusal(['create', 'service', 'clusterip', 'no', '--tcp=80', '--clusterip=192.0.2.1']),
          /failed to allocate IP 192\.0\.2\.1: the provided network does not match the current range/,
        );
      });

      it('a type changes through all values and back', async () => {
        await kubectl(['create', 'service', 'nodeport', 'turn', '--tcp=80']);
        const [ip, port] = [
          await field('turn', '.spec.clusterIP'),
          await field('turn', '.spec.ports[0].nodePort'),
        ];
        await patch('turn', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
        assert.match(await field('turn', '.spec.healthCheckNodePort'), /^3\d{4}$/);
        assert.equal(await field('turn', '.spec.ports[0].nodePort'), port);
        await patch('turn', { type: 'ClusterIP' });
        assert.equal(await field('turn', '.spec.clusterIP'), ip);
        assert.equal(await field('turn', '.spec.ports[0].nodePort'), '');
        assert.equal(await field('turn', '.spec.healthCheckNodePort'), '');
        await patch('turn', { type: 'ExternalName', externalName: 'example.com' });
        assert.equal(await field('turn', '.spec.clusterIP'), '');
        assert.match(await refusal(['get', 'ip', ip]), /not found/);
        await patch('turn', { type: 'NodePort', externalName: null });
        assert.match(await field('turn', '.spec.clusterIPs'), /^\["10\.96\./);
        assert.match(await field('turn', '.spec.ports[0].nodePort'), /^3\d{4}$/);
      });

      it('gains and loses its second family', async () => {
        await kubectl(['create', 'service', 'clusterip', 'two', '--tcp=80']);
        const ip = await field('two', '.spec.clusterIP');
        await patch('two', { ipFamilyPolicy: 'RequireDualStack' });
        const [first, second] = JSON.parse(await field('two', '.spec.clusterIPs')) as string[];
        assert.equal(first, ip);
        assert.match(second!, /^fd00:10:96::/);
        await kubectl(['get', 'ip', second!]);
        await patch('two', { ipFamilyPolicy: 'SingleStack' });
        assert.equal(await field('two', '.spec.clusterIPs'), `["${ip}"]`);
        assert.match(await refusal(['get', 'ip', second!]), /not found/);
        assert.match(
          await refusal([
            'patch',
            'svc',
            'two',
            '-p',
            '{"spec":{"clusterIP":"10.96.9.9","clusterIPs":["10.96.9.9"]}}',
          ]),
          /spec\.clusterIPs\[0\]: Invalid value: \["10\.96\.9\.9"\]: may not change once set/,
        );
      });

      it('one port number for two protocols, a name that begins with a digit', async () => {
        const manifest = `apiVersion: v1
kind: Service
metadata: { name: 4dns }
spec:
  type: NodePort
  ports: [{ name: udp, port: 53, protocol: UDP }, { name: tcp, port: 53 }]`;
        await kubectl(['apply', '-f', '-'], manifest);
        const [udp, tcp] = (await field('4dns', '.spec.ports[*].nodePort')).split(' ');
        assert.equal(udp, tcp);
        assert.match(await kubectl(['get', 'svc', '4dns']), new RegExp(`53:${udp}/UDP,53:${udp}/TCP`));
        const single = manifest.replace('{ name: udp, port: 53, protocol: UDP }, ', '');
        await kubectl(['replace', '-f', '-'], single); // apply merges ports by number alone
        assert.equal(await field('4dns', '.spec.ports[*].protocol'), 'TCP');
      });

      it('node ports that are taken or out of range', async () => {
        const nodePort = (name: string, port: number): readonly string[] => [
          ...['create', 'service', 'nodeport', name, '--tcp=80', `--node-port=${port}`],
        ];
        await kubectl(nodePort('mine', 30100 + index));
        assert.match(
          await refusal(nodePort('yours', 30100 + index)),
          /spec\.ports\[0\]\.nodePort: Invalid value: 3010\d: provided port is already allocated/,
        );
        assert.match(
          await refusal(nodePort('low', 80)),
          /provided port is not in the valid range\. The range of valid ports is 30000-32767/,
        );
        await kubectl(['delete', 'svc', 'mine']);
        await kubectl(nodePort('yours', 30100 + index));
      });

      it('warnings come with the answer', async () => {
        const external = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"ext"},"spec":{"externalIPs":["192.0.2.1"],"ports":[{"port":80}]}}`;
        const created = await raw(['create', '-f', '-'], external);
        assert.equal(
          created.stderr,
          'Warning: spec.externalIPs is deprecated and may no longer be implemented in some clusters\n',
        );
        assert.equal(
          (await raw(['get', 'endpoints', '--ignore-not-found', 'none'])).stderr,
          'Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n',
        );
        assert.equal((await raw(['get', 'svc', 'ext'])).stderr, '');
      });
    });
  }
});
