// What a Deployment wants done to its ReplicaSets, one line each.

export type DeploymentChange =
  | { readonly kind: 'create'; readonly replicas: number }
  /** `from` equal to `to`: only the annotations that remember the Deployment's size are brought up to date. */
  | { readonly kind: 'scale'; readonly name: string; readonly from: number; readonly to: number }
  | { readonly kind: 'delete'; readonly name: string };

export const toText = (changes: readonly DeploymentChange[]): string => changes.map(line).join('\n');

const line = (change: DeploymentChange): string => {
  switch (change.kind) {
    case 'create':
      return `create with ${change.replicas}`;
    case 'scale':
      return `scale ${change.name} from ${change.from} to ${change.to}`;
    case 'delete':
      return `delete ${change.name}`;
  }
};
