// A set of field paths as a trie, in the very form in which the API writes it down (FieldsV1): a member's name is a path
// element (`f:spec`, `k:{"name":"web"}`), its value the set of what lies below. Nothing is ever decoded or encoded, and sets
// share what they have in common.
//
//   {"f:spec": {"f:replicas": {}, "f:template": {".": {}, "f:metadata": {}}}}
//
// A path is in the set if it ends in a node without children, or in one with the element ".": here .spec.replicas,
// .spec.template and .spec.template.metadata, but not .spec.
// Format: k8s.io/apimachinery meta/v1 FieldsV1; algebra: sigs.k8s.io/structured-merge-diff/fieldpath/set.go.

export type FieldSet = { readonly [element: string]: FieldSet };

type Children = Record<string, FieldSet>;

const SELF = '.';

/** A node at which a path ends. */
export const LEAF: FieldSet = Object.freeze({});
/** The set without paths. */
export const EMPTY: FieldSet = Object.freeze({});

export const isEmpty = (set: FieldSet): boolean => {
  for (const _ in set) return false;
  return true;
};

/** Whether the path of a node is itself in the set. */
export const isMember = (node: FieldSet): boolean => SELF in node || isEmpty(node);

/** A node from what lies below it; undefined if there is nothing to hold. */
export const nodeOf = (children: FieldSet, isInSet: boolean): FieldSet | undefined => {
  if (isEmpty(children)) return isInSet ? LEAF : undefined;
  return isInSet ? { [SELF]: LEAF, ...children } : children;
};

/** The path elements below a node. */
export const elementsOf = (node: FieldSet): readonly string[] =>
  Object.keys(node).filter((element) => element !== SELF);

/** What becomes of a path that is in one set, in the other, or in both. */
type Rule = {
  readonly keepsLeft: boolean;
  readonly keepsRight: boolean;
  readonly keeps: (left: boolean, right: boolean) => boolean;
};

const UNION: Rule = { keepsLeft: true, keepsRight: true, keeps: (left, right) => left || right };
const INTERSECTION: Rule = { keepsLeft: false, keepsRight: false, keeps: (left, right) => left && right };
const DIFFERENCE: Rule = { keepsLeft: true, keepsRight: false, keeps: (left, right) => left && !right };

export const union = (a: FieldSet, b: FieldSet): FieldSet => combine(UNION, a, b);
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => combine(INTERSECTION, a, b);
/** The paths of `a` that are not in `b`; what lies below a path of `b` stays. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet => combine(DIFFERENCE, a, b);

/** O(what both have in common, and the width of their nodes). Returns `left` itself where nothing changes. */
const combine = (rule: Rule, left: FieldSet, right: FieldSet): FieldSet => {
  if (isEmpty(right)) return rule.keepsLeft ? left : EMPTY;
  if (isEmpty(left)) return rule.keepsRight ? right : EMPTY;
  const children: Children = {};
  let isLeft = true;
  for (const element of elementsOf(left)) {
    const [mine, other] = [left[element]!, right[element]];
    const kept = other ? combineNodes(rule, mine, other) : rule.keepsLeft ? mine : undefined;
    if (kept) children[element] = kept;
    isLeft &&= kept === mine;
  }
  if (rule.keepsRight) isLeft = addMissing(children, right) && isLeft;
  if (isLeft && !(SELF in left)) return left;
  return isEmpty(children) ? EMPTY : children;
};

const combineNodes = (rule: Rule, left: FieldSet, right: FieldSet): FieldSet | undefined => {
  const isInSet = rule.keeps(isMember(left), isMember(right));
  const children = combine(rule, below(left), below(right));
  return isInSet === isMember(left) && children === below(left) ? left : nodeOf(children, isInSet);
};

const addMissing = (children: Children, right: FieldSet): boolean => {
  let isComplete = true;
  for (const element of elementsOf(right)) {
    if (children[element]) continue;
    children[element] = right[element]!;
    isComplete = false;
  }
  return isComplete;
};

const withoutSelf = new WeakMap<FieldSet, FieldSet>();

/** The set of what lies below a node, without the node itself; the same object each time. */
const below = (node: FieldSet): FieldSet => {
  if (!(SELF in node)) return node;
  const known = withoutSelf.get(node);
  if (known) return known;
  const { [SELF]: _self, ...children } = node;
  withoutSelf.set(node, children);
  return children;
};

/** The paths of `set` that neither are in `roots` nor lie below one of its paths. */
export const outside = (set: FieldSet, roots: FieldSet): FieldSet => {
  const children: Children = {};
  for (const element of elementsOf(set)) {
    const [node, root] = [set[element]!, roots[element]];
    const kept = root ? outsideNode(node, root) : node;
    if (kept) children[element] = kept;
  }
  return children;
};

const outsideNode = (node: FieldSet, root: FieldSet): FieldSet | undefined =>
  isMember(root) ? undefined : nodeOf(outside(node, root), isMember(node));

export type FieldPath = readonly string[];

/** All paths of a set, in the order of its elements. */
export const pathsOf = (set: FieldSet): readonly FieldPath[] =>
  elementsOf(set).flatMap((element) => {
    const node = set[element]!;
    const longer = isEmpty(node) ? [] : pathsOf(node).map((path) => [element, ...path]);
    return isMember(node) ? [[element], ...longer] : longer;
  });

/** The smallest set with these paths. */
export const setOf = (...paths: readonly FieldPath[]): FieldSet => paths.map(single).reduce(union, EMPTY);

const single = (path: FieldPath): FieldSet =>
  path.reduceRight((node, element) => ({ [element]: node }), LEAF);

export const hasPath = (set: FieldSet, path: FieldPath): boolean => {
  let node: FieldSet | undefined = set;
  for (const element of path) node = node?.[element];
  return node !== undefined && isMember(node);
};

/** The same set with its elements in order, as every reader expects to see them. Its leaves, most of it, are one object. */
export const sorted = (set: FieldSet): FieldSet => {
  if (isEmpty(set)) return LEAF;
  const children: Children = {};
  for (const element of Object.keys(set).sort()) children[element] = sorted(set[element]!);
  return children;
};
