import type { Node } from '../../../k8s/generated/types.ts';
import { nodes } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts, wide } from '../../columns/columns.ts';
import { nodeAddressCell, nodeRolesCell, nodeStatusCell } from '../../columns/node-cells.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import { canonicalResources } from '../../defaults/resources.ts';
import { validateNode, validateNodeUpdate } from '../../validation/node.ts';
import { defineKind } from '../define-kind.ts';

const UNKNOWN = '<unknown>';

export const nodeKind = defineKind<Node>({
  resource: nodes,
  singular: 'node',
  shortNames: ['no'],
  categories: [],
  definition: 'io.k8s.api.core.v1.Node',
  nameRule: 'dns1123Subdomain',
  subresources: ['status', 'proxy'],
  hasGeneration: false,
  columns: [
    NAME,
    ...texts('Status', 'Roles'),
    AGE,
    ...texts('Version'),
    ...wide('Internal-IP', 'External-IP', 'OS-Image', 'Kernel-Version', 'Container-Runtime'),
  ],
  row: (node, nowMs) => [
    nameCell(node),
    nodeStatusCell(node),
    nodeRolesCell(node),
    ageCell(node, nowMs),
    node.status?.nodeInfo?.kubeletVersion ?? '',
    nodeAddressCell(node, 'InternalIP'),
    nodeAddressCell(node, 'ExternalIP'),
    node.status?.nodeInfo?.osImage || UNKNOWN,
    node.status?.nodeInfo?.kernelVersion || UNKNOWN,
    node.status?.nodeInfo?.containerRuntimeVersion || UNKNOWN,
  ],
  fields: { 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false) },
  applyDefaults: (node) => {
    const spec = (node.spec ??= {});
    if (spec.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR];
    if (spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
    defaultCapacity(node);
  },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
});

const defaultCapacity = (node: Mutable<Node>): void => {
  const status = (node.status ??= {});
  canonicalResources(status.capacity);
  canonicalResources(status.allocatable);
  if (status.capacity) status.allocatable ??= { ...status.capacity };
};
