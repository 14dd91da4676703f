// Rules for probes and lifecycle hooks.
import { forbidden, invalid, required } from '../../k8s/field-errors.ts';
import type {
  Container,
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  Lifecycle,
  Probe,
  SleepAction,
  TCPSocketAction,
} from '../../k8s/generated/types.ts';
import { type FieldErrors, ifSet, when } from './compose.ts';
import { notNegative, optionalOneOf, portNumber } from './scalars.ts';
import { httpHeaderName, portNumberOrName } from './texts.ts';

/** What only containers that keep running may have. */
export const probesAndHooks = (
  { lifecycle: hooks, livenessProbe, readinessProbe, startupProbe }: Container,
  graceSeconds: number | undefined,
  path: string,
): FieldErrors => [
  ...ifSet(hooks, (value) => lifecycle(value, graceSeconds, `${path}.lifecycle`)),
  ...ifSet(livenessProbe, (value) => succeedingOnce(value, `${path}.livenessProbe`)),
  ...ifSet(readinessProbe, (value) => readiness(value, `${path}.readinessProbe`)),
  ...ifSet(startupProbe, (value) => succeedingOnce(value, `${path}.startupProbe`)),
];

const succeedingOnce = (value: Probe, path: string): FieldErrors => [
  ...probe(value, path),
  ...when(value.successThreshold !== 1, () =>
    invalid(`${path}.successThreshold`, value.successThreshold ?? 0, 'must be 1'),
  ),
];

const readiness = (value: Probe, path: string): FieldErrors => [
  ...probe(value, path),
  ...ifSet(value.terminationGracePeriodSeconds, (seconds) => [
    invalid(`${path}.terminationGracePeriodSeconds`, seconds, 'must not be set for readinessProbes'),
  ]),
];

const NUMBERS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

const probe = (value: Probe, path: string): FieldErrors => [
  ...handler(value, undefined, path),
  ...NUMBERS.flatMap((name) => notNegative(value[name], `${path}.${name}`)),
  ...ifSet(value.terminationGracePeriodSeconds, (seconds) =>
    when(seconds <= 0, () =>
      invalid(`${path}.terminationGracePeriodSeconds`, seconds, 'must be greater than 0'),
    ),
  ),
];

const lifecycle = (
  { postStart, preStop }: Lifecycle,
  graceSeconds: number | undefined,
  path: string,
): FieldErrors => [
  ...ifSet(postStart, (hook) => handler(hook, graceSeconds, `${path}.postStart`)),
  ...ifSet(preStop, (hook) => handler(hook, graceSeconds, `${path}.preStop`)),
];

type Handler = {
  readonly exec?: ExecAction | undefined;
  readonly httpGet?: HTTPGetAction | undefined;
  readonly tcpSocket?: TCPSocketAction | undefined;
  readonly grpc?: GRPCAction | undefined;
  readonly sleep?: SleepAction | undefined;
};

/** Exactly one way to do it; of several the first counts. */
const handler = (
  { exec, httpGet, tcpSocket, grpc, sleep: pause }: Handler,
  graceSeconds: number | undefined,
  path: string,
): FieldErrors => {
  const ways: readonly (readonly [string, (() => FieldErrors) | undefined])[] = [
    ['exec', exec && (() => command(exec, `${path}.exec`))],
    ['httpGet', httpGet && (() => httpRequest(httpGet, `${path}.httpGet`))],
    ['tcpSocket', tcpSocket && (() => portNumberOrName(tcpSocket.port, `${path}.tcpSocket.port`))],
    ['grpc', grpc && (() => portNumber(grpc.port, `${path}.grpc.port`))],
    ['sleep', pause && (() => sleep(pause, graceSeconds, `${path}.sleep`))],
  ];
  const [first, ...others] = ways.filter(([, check]) => check);
  if (!first) return [required(path, 'must specify a handler type')];
  return [
    ...first[1]!(),
    ...others.map(([name]) => forbidden(`${path}.${name}`, 'may not specify more than 1 handler type')),
  ];
};

const command = (exec: ExecAction, path: string): FieldErrors =>
  when(!exec.command?.length, () => required(`${path}.command`));

const httpRequest = (
  { path: urlPath, port, scheme, httpHeaders }: HTTPGetAction,
  path: string,
): FieldErrors => [
  ...when(!urlPath, () => required(`${path}.path`)),
  ...portNumberOrName(port, `${path}.port`),
  ...optionalOneOf(scheme, ['HTTP', 'HTTPS'], `${path}.scheme`),
  ...(httpHeaders ?? []).flatMap(({ name }) => httpHeaderName(name, `${path}.httpHeaders`)),
];

const sleep = ({ seconds }: SleepAction, graceSeconds: number | undefined, path: string): FieldErrors =>
  ifSet(graceSeconds, (most) =>
    when(seconds < 0 || seconds > most, () =>
      invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${most})`),
    ),
  );
