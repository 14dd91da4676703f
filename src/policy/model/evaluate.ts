// The one evaluator: what the policies of a world say about a connection, and why. It is asked about new connections, as
// the kernel is: after a Service's address has become an endpoint's, with the source that sent it.
import { formatAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { matchRule } from './match.ts';
import type { Clauses, ConnectionProtocol, Facts, Party, Question } from './match.ts';
import { policyKeyText, selectsPod } from './rules.ts';
import type { Direction, PolicyKey, PolicyRules, Rule, Tier } from './rules.ts';
import type { PolicyPod, World } from './world.ts';

export type Connection = {
  readonly source: Address;
  /** The endpoint's, where a Service was asked for. */
  readonly destination: Address;
  readonly protocol: ConnectionProtocol;
  /** Of the destination; undefined for a protocol without ports. */
  readonly port?: number | undefined;
  /** Whether a Service's address was asked for: a pod that reaches itself that way is judged, unlike one at its own. */
  readonly isThroughService?: boolean | undefined;
};

/** A rule that matched, and by which of its clauses. */
export type RuleMatch = Clauses & { readonly policy: PolicyKey; readonly tier: Tier; readonly rule: Rule };

export type Reason =
  /** Outside of what policies look at, therefore allowed. */
  | { readonly kind: 'not judged'; readonly because: 'no pod' | 'own node' | 'itself' }
  | { readonly kind: 'rule'; readonly match: RuleMatch }
  /** Policies of the tier NetworkPolicy select the pod, and none of their rules matches: denied. */
  | { readonly kind: 'isolated'; readonly policies: readonly PolicyKey[] }
  /** No policy has anything to say: allowed. */
  | { readonly kind: 'no policy' };

export type Verdict = {
  readonly isAllowed: boolean;
  readonly reason: Reason;
  /** The rules with the action Pass that matched on the way. */
  readonly passed: readonly RuleMatch[];
};

export type Parties = { readonly source: Party; readonly destination: Party };

/** A connection needs both: the egress of its source and the ingress of its destination. */
export type Decision = Parties & {
  readonly isAllowed: boolean;
  readonly egress: Verdict;
  readonly ingress: Verdict;
};

/** What a verdict depends on besides the connection and its parties. */
export type Rulebook = Facts & { readonly policies: readonly PolicyRules[] };

export type Evaluate = (connection: Connection) => Decision;

/** The evaluator of a world, which must not change meanwhile. Costs by the number of policies at a pod's first connection. */
export const createEvaluator = (world: World): Evaluate => {
  const owners = ownersOf(world);
  return evaluatorBy({
    partyOf: (address) => owners.get(formatAddress(address)) ?? { kind: 'outside' },
    rulebookOf: narrowed({ ...world, policies: inOrder(world.policies) }),
  });
};

export type LookUps = {
  readonly partyOf: (address: Address) => Party;
  /** With the policies that select the pod, `inOrder`; others do not matter. */
  readonly rulebookOf: (pod: PolicyPod) => Rulebook;
};

/** The evaluator for who has a world that changes, and ways to find what is asked for. */
export const evaluatorBy = ({ partyOf, rulebookOf }: LookUps): Evaluate => {
  const judgeEnd = (question: Question | NotJudged): Verdict =>
    'kind' in question
      ? { isAllowed: true, reason: question, passed: [] }
      : judge(question, rulebookOf(question.subject));
  return (connection) => {
    const parties = { source: partyOf(connection.source), destination: partyOf(connection.destination) };
    const egress = judgeEnd(questionOf(connection, 'egress', parties));
    const ingress = judgeEnd(questionOf(connection, 'ingress', parties));
    return { isAllowed: egress.isAllowed && ingress.isAllowed, ...parties, egress, ingress };
  };
};

/** What the policies say at the subject of the question, in the order of the tiers. `policies` must be `inOrder`. */
export const judge = (question: Question, rulebook: Rulebook): Verdict => {
  const concerned = rulebook.policies.filter(
    (policy) =>
      policy[question.direction] !== undefined && selectsSubject(policy, question.subject, rulebook),
  );
  const ofTier = (tier: Tier): readonly PolicyRules[] => concerned.filter((policy) => policy.tier === tier);
  const admin = firstMatch(ofTier('Admin'), question, rulebook);
  if (admin && admin.rule.action !== 'Pass') return verdictOf(admin, []);
  const passed = admin ? [admin] : [];
  const isolating = ofTier('NetworkPolicy');
  if (isolating.length > 0) {
    const match = firstMatch(isolating, question, rulebook);
    if (match) return verdictOf(match, passed);
    const policies = isolating.map(({ key }) => key);
    return { isAllowed: false, reason: { kind: 'isolated', policies }, passed };
  }
  const baseline = firstMatch(ofTier('Baseline'), question, rulebook);
  if (baseline && baseline.rule.action !== 'Pass') return verdictOf(baseline, passed);
  return {
    isAllowed: true,
    reason: { kind: 'no policy' },
    passed: baseline ? [...passed, baseline] : passed,
  };
};

/** The rulebook of each pod: with the policies only that select it. Most do not, and each question would ask them. */
export const narrowed = (rulebook: Rulebook): ((pod: PolicyPod) => Rulebook) => {
  const known = new WeakMap<PolicyPod, Rulebook>();
  return (pod) => {
    const own = known.get(pod) ?? {
      ...rulebook,
      policies: rulebook.policies.filter((policy) => selectsSubject(policy, pod, rulebook)),
    };
    known.set(pod, own);
    return own;
  };
};

/** By priority, then by name: between equals the order is podnet's own, the API leaves it open. */
export const inOrder = (policies: readonly PolicyRules[]): readonly PolicyRules[] =>
  policies.toSorted(
    (a, b) => a.priority - b.priority || (policyKeyText(a.key) < policyKeyText(b.key) ? -1 : 1),
  );

export const selectsSubject = (
  { subject }: PolicyRules,
  pod: PolicyPod,
  { namespaces }: Pick<Facts, 'namespaces'>,
): boolean => selectsPod(subject, pod, namespaces.get(pod.namespace));

type NotJudged = Extract<Reason, { kind: 'not judged' }>;

/** What the policies of one end are to be asked; or why they are not. */
export const questionOf = (
  connection: Connection,
  direction: Direction,
  { source, destination }: Parties,
): Question | NotJudged => {
  const [party, peer, peerAddress] =
    direction === 'egress'
      ? [source, destination, connection.destination]
      : [destination, source, connection.source];
  if (party.kind !== 'pod') return notJudged('no pod');
  if (peer.kind === 'node' && peer.node.name === party.pod.node) return notJudged('own node');
  if (peer.kind === 'pod' && peer.pod === party.pod && !connection.isThroughService)
    return notJudged('itself');
  const { protocol, port } = connection;
  return { direction, subject: party.pod, peer, peerAddress, protocol, port };
};

const notJudged = (because: NotJudged['because']): NotJudged => ({ kind: 'not judged', because });

const verdictOf = (match: RuleMatch, passed: readonly RuleMatch[]): Verdict => ({
  isAllowed: match.rule.action === 'Accept',
  reason: { kind: 'rule', match },
  passed,
});

const firstMatch = (
  policies: readonly PolicyRules[],
  question: Question,
  facts: Facts,
): RuleMatch | undefined => {
  for (const { key, tier, [question.direction]: rules = [] } of policies)
    for (const rule of rules) {
      const clauses = matchRule(rule, question, facts);
      if (clauses) return { policy: key, tier, rule, ...clauses };
    }
  return undefined;
};

/** Who has which address. A pod's address is the pod's even if a node names it too. */
const ownersOf = ({ pods, nodes }: World): ReadonlyMap<string, Party> => {
  const owners = new Map<string, Party>();
  for (const node of nodes.values())
    for (const address of node.addresses) owners.set(address, { kind: 'node', node });
  for (const pod of pods.values())
    for (const address of pod.addresses) owners.set(address, { kind: 'pod', pod });
  return owners;
};
