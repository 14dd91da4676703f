// Makes sure that a container's image is there, with kubelet's events and texts (pkg/kubelet/images, Kubernetes 1.36).
import type { Container } from '../../k8s/generated/types.ts';
import { RuntimeError } from '../../runtime/runtime.ts';
import { backOffUntil, nextBackOff } from './back-off.ts';
import { tell } from './context.ts';
import type { PodContext } from './context.ts';
import { pullPolicyOf, withDefaultTag } from './image-name.ts';
import type { PodRecord } from './pod-record.ts';
import { StartProblem } from './start-problem.ts';

/** After a failed pull ErrImagePull stays visible for this long, then the container waits with ImagePullBackOff. */
const SHOW_MS = 1000;

/** Returns the image's id, or throws StartProblem. */
export const ensureImage = async (
  context: PodContext,
  record: PodRecord,
  container: Container,
): Promise<string> => {
  const image = container.image ?? '';
  const policy = pullPolicyOf(image, container.imagePullPolicy);
  const name = withDefaultTag(image) ?? invalidName(context, record, container);
  const present = await context.runtime.imageStatus(name);
  if (present && policy !== 'Always') {
    const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
    tell(context, record.pod, { reason: 'Pulled', message, container });
    return present.id;
  }
  if (policy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    tell(context, record.pod, { type: 'Warning', reason: 'ErrImageNeverPull', message, container });
    throw new StartProblem('ErrImageNeverPull', message, { event: 'Error: ErrImageNeverPull' });
  }
  checkBackOff(context, record, container);
  return pull(context, record, container, name);
};

const invalidName = (context: PodContext, record: PodRecord, container: Container): never => {
  const problem = `couldn't parse image name "${container.image}": invalid reference format`;
  const message = `Failed to apply default image tag "${container.image}": ${problem}`;
  tell(context, record.pod, { type: 'Warning', reason: 'InspectFailed', message, container });
  throw new StartProblem('InvalidImageName', message, { event: 'Error: InvalidImageName' });
};

const checkBackOff = (context: PodContext, record: PodRecord, container: Container): void => {
  const image = container.image ?? '';
  const backOff = record.imageBackOffs.get(image);
  const untilMs = backOffUntil(backOff, backOff?.updatedAtMs ?? 0);
  if (untilMs <= context.clock.now()) return;
  const message = `Back-off pulling image "${image}"`;
  const before = record.waiting.get(container.name);
  tell(context, record.pod, { reason: 'BackOff', message, container });
  const cause = before?.reason === 'ErrImagePull' ? `: ErrImagePull: ${before.message}` : '';
  throw new StartProblem('ImagePullBackOff', `${message}${cause}`, {
    event: 'Error: ImagePullBackOff',
    retryAtMs: untilMs,
  });
};

const pull = async (
  context: PodContext,
  record: PodRecord,
  container: Container,
  name: string,
): Promise<string> => {
  const image = container.image ?? '';
  const { clock, runtime } = context;
  const startMs = clock.now();
  tell(context, record.pod, { reason: 'Pulling', message: `Pulling image "${image}"`, container });
  try {
    const id = await runtime.pullImage(name);
    record.imageBackOffs.delete(image);
    const message = await pulledMessage(context, image, name, clock.now() - startMs);
    tell(context, record.pod, { reason: 'Pulled', message, container });
    return id;
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return pullFailed(context, record, container, error);
  }
};

const pulledMessage = async (
  { runtime }: PodContext,
  image: string,
  name: string,
  tookMs: number,
): Promise<string> => {
  const took = tookMs < 1000 ? `${tookMs}ms` : `${(tookMs / 1000).toFixed(3)}s`;
  const size = (await runtime.imageStatus(name))?.sizeBytes ?? 0;
  return `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${size} bytes.`;
};

const pullFailed = (
  context: PodContext,
  record: PodRecord,
  container: Container,
  { message }: RuntimeError,
): never => {
  const image = container.image ?? '';
  const nowMs = context.clock.now();
  record.imageBackOffs.set(image, nextBackOff(record.imageBackOffs.get(image), nowMs, nowMs));
  const event = `Failed to pull image "${image}": ${message}`;
  tell(context, record.pod, { type: 'Warning', reason: 'Failed', message: event, container });
  throw new StartProblem('ErrImagePull', message, {
    event: 'Error: ErrImagePull',
    retryAtMs: nowMs + SHOW_MS,
  });
};
