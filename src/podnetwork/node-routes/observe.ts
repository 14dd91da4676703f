// The routes that are in the kernel: those that carry podnet's own protocol number, whoever made them and when.
import { listOwnRoutes } from '../../kernel/route.ts';
import type { Rtnetlink } from '../../kernel/rtnetlink.ts';
import { routesOf } from './state.ts';
import type { NodeRoutes } from './state.ts';

export const observeNodeRoutes = (rtnetlink: Rtnetlink): NodeRoutes =>
  routesOf(listOwnRoutes(rtnetlink).flatMap(({ destination, via }) => (via ? [{ destination, via }] : [])));
