// What LimitRanges add to a new pod (kubernetes plugin/pkg/admission/limitranger, MutateLimit).
import type { Container, LimitRange, Pod } from '../../../k8s/generated/types.ts';
import type { Mutable } from '../../defaults/mutable.ts';

type Resources = Record<string, string | number>;

/** Of several ranges the first has the first word. In place. */
export const defaultLimits = (pod: Mutable<Pod>, ranges: readonly LimitRange[]): void => {
  const { containers, initContainers } = pod.spec!;
  for (const range of ranges) {
    const set = [
      ...(containers ?? []).flatMap((each) => defaultContainer(each, range, 'container')),
      ...(initContainers ?? []).flatMap((each) => defaultContainer(each, range, 'init container')),
    ];
    if (set.length === 0) continue;
    pod.metadata = {
      ...pod.metadata,
      annotations: {
        ...pod.metadata?.annotations,
        'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${set.join('; ')}`,
      },
    };
  }
};

/** Returns what it set: `cpu, memory request for container c`. */
const defaultContainer = (
  container: Mutable<Container>,
  { spec }: LimitRange,
  what: string,
): readonly string[] => {
  const items = (spec?.limits ?? []).filter(({ type }) => type === 'Container');
  const resources = container.resources ?? {};
  const fill = (side: 'requests' | 'limits', defaults: Resources): readonly string[] => {
    const missing = Object.keys(defaults).filter((name) => resources[side]?.[name] === undefined);
    if (missing.length === 0) return [];
    container.resources = resources;
    resources[side] = { ...defaults, ...resources[side] };
    return [`${missing.sort().join(', ')} ${side.slice(0, -1)} for ${what} ${container.name}`];
  };
  const merged = (list: 'default' | 'defaultRequest'): Resources =>
    Object.assign({}, ...items.map((item) => item[list]));
  return [...fill('requests', merged('defaultRequest')), ...fill('limits', merged('default'))];
};
