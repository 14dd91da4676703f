// Services and EndpointSlices with only what a test is about.
import type { Endpoint, EndpointSlice, Service, ServiceSpec } from '../../src/k8s/generated/types.ts';

/** A dual-stack Service `ns/NAME` at 10.96.0.N and fd00:96::N with TCP port 80 to 8080 unless `spec` says otherwise. */
export const service = (
  name: string,
  n: number,
  spec: ServiceSpec = {},
  labels: Readonly<Record<string, string>> = {},
): Service => ({
  metadata: { name, namespace: 'ns', labels },
  spec: {
    type: 'ClusterIP',
    clusterIPs: [`10.96.0.${n}`, `fd00:96::${n}`],
    ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }],
    ...spec,
  },
});

type SliceOptions = {
  readonly ports?: EndpointSlice['ports'];
  readonly family?: 4 | 6;
  /** Added to each endpoint. */
  readonly endpoint?: Partial<Endpoint>;
};

/** The slice of Service `ns/NAME` for one family, with these addresses on node `node-1`. */
export const slice = (
  name: string,
  addresses: readonly string[],
  { ports = [{ port: 8080, protocol: 'TCP' }], family = 4, endpoint = {} }: SliceOptions = {},
): EndpointSlice => ({
  metadata: {
    name: `${name}-ipv${family}`,
    namespace: 'ns',
    labels: { 'kubernetes.io/service-name': name },
  },
  addressType: `IPv${family}`,
  ports,
  endpoints: addresses.map((address) => ({
    addresses: [address],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: 'node-1',
    ...endpoint,
  })),
});

/** Slices of both families for pods with these numbers in a lab. */
export const bothFamilies = (
  name: string,
  addresses: readonly (readonly [string, string])[],
  options: Omit<SliceOptions, 'family'> = {},
): readonly EndpointSlice[] =>
  ([4, 6] as const).map((family) =>
    slice(
      name,
      addresses.map((pair) => pair[family === 4 ? 0 : 1]),
      { ...options, family },
    ),
  );
