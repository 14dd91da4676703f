// Whether a policy or a binding is about a request (k8s.io/apiserver/pkg/admission/plugin/policy/matching/matching.go and
// plugin/webhook/predicates; 1.37). Webhooks match by the same rules.
import type {
  LabelSelector,
  MatchResources,
  NamedRuleWithOperations,
  Namespace,
} from '../../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../../k8s/labels.ts';
import type { KubeObject, Stored } from '../../../k8s/objects.ts';
import type { Resource } from '../../../k8s/resources.ts';
import type { Kind } from '../../kind.ts';
import type { AdmissionRequest } from '../admission.ts';

export type MatchLookup = {
  readonly namespace: (name: string) => Stored<Namespace> | undefined;
  /** The kinds of the same objects: all versions that are served, also in other groups. */
  readonly equivalents: (kind: Kind) => readonly Kind[];
};

/** The kind as the rules name it, the request's or an equivalent; undefined if they are not about it. */
export const matchResources = (
  match: MatchResources,
  request: AdmissionRequest,
  lookup: MatchLookup,
): Kind | undefined => {
  if (!matchesNamespace(match.namespaceSelector, request, lookup)) return undefined;
  if (!matchesObject(match.objectSelector, request)) return undefined;
  const { excludeResourceRules = [], resourceRules = [], matchPolicy } = match;
  const { kind } = request;
  const others = matchPolicy === 'Exact' ? [] : lookup.equivalents(kind).filter((each) => each !== kind);
  if (matchRules(excludeResourceRules, request, others)) return undefined;
  return resourceRules.length === 0 ? kind : matchRules(resourceRules, request, others);
};

/** A Namespace is in no namespace, although its requests name it as one. */
export const namespaceOf = (
  { namespace, kind: { resource } }: AdmissionRequest,
  lookup: MatchLookup,
): Stored<Namespace> | undefined =>
  namespace === '' || resource.kind === 'Namespace' ? undefined : lookup.namespace(namespace);

const isEmpty = (selector: LabelSelector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;

/** Cluster-scoped objects are always meant; a Namespace goes by its own labels. */
const matchesNamespace = (
  selector: LabelSelector | undefined,
  { namespace, object, operation, subresource, kind: { resource } }: AdmissionRequest,
  lookup: MatchLookup,
): boolean => {
  const isNamespace = resource.group === '' && resource.resource === 'namespaces';
  if (isEmpty(selector) || (namespace === '' && !isNamespace)) return true;
  const isWritten = isNamespace && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE');
  const labels = isWritten ? object?.metadata?.labels : lookup.namespace(namespace)?.metadata?.labels;
  return labelSelectorMatches(selector, labels);
};

const matchesObject = (
  selector: LabelSelector | undefined,
  { object, before }: AdmissionRequest,
): boolean => {
  const selects = (each: KubeObject | undefined): boolean =>
    each !== undefined && labelSelectorMatches(selector, each.metadata?.labels);
  return isEmpty(selector) || selects(object) || selects(before);
};

/** The request's own kind first; of the others the one that the first rule is about, as kube-apiserver asks. */
const matchRules = (
  rules: readonly NamedRuleWithOperations[],
  request: AdmissionRequest,
  others: readonly Kind[],
): Kind | undefined => {
  if (rules.some((rule) => matchesRule(rule, request, request.kind.resource))) return request.kind;
  return rules
    .map((rule) => others.find(({ resource }) => matchesRule(rule, request, resource)))
    .find((kind) => kind !== undefined);
};

const has = (items: readonly string[] | undefined, item: string): boolean =>
  (items ?? []).some((each) => each === '*' || each === item);

const matchesRule = (rule: NamedRuleWithOperations, request: AdmissionRequest, resource: Resource): boolean =>
  matchesScope(rule.scope, request) &&
  has(rule.operations, request.operation) &&
  has(rule.apiGroups, resource.group) &&
  has(rule.apiVersions, resource.version) &&
  (rule.resources ?? []).some((text) => matchesResourceText(text, resource.resource, request.subresource)) &&
  (!rule.resourceNames?.length || rule.resourceNames.includes(request.name));

/** `pods` is without subresources, `pods/` and a star with all of them, a star alone every resource but no subresource. */
const matchesResourceText = (text: string, resource: string, subresource: string): boolean => {
  const [wanted, wantedSub = ''] = text.split(/\/(.*)/s);
  return (wanted === '*' || wanted === resource) && (wantedSub === '*' || wantedSub === subresource);
};

const matchesScope = (
  scope: string | undefined,
  { namespace, kind: { resource } }: AdmissionRequest,
): boolean => {
  if (scope === undefined || scope === '*') return true;
  const isNamespaced = resource.namespaced && namespace !== '';
  return scope === 'Namespaced' ? isNamespaced : !isNamespaced;
};
