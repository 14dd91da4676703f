import { routeOf } from '../kernel/route.ts';
import type { Route } from '../wire/rtnetlink/route.ts';
import type { UnderlayRoute } from './plan.ts';

/** A route of the plan, over the bridge. */
export const kernelRoute = ({ destination, via }: UnderlayRoute, linkIndex: number): Route => {
  const [first, ...others] = via;
  if (!first) return routeOf({ destination, linkIndex });
  if (others.length === 0) return routeOf({ destination, via: first, linkIndex });
  return routeOf({ destination, nextHops: via.map((each) => ({ via: each, linkIndex })) });
};
