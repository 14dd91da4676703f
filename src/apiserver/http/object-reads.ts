// get, list and watch.
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { Registry } from '../registry.ts';
import { type Target, answersFor, refOf, streamPresentation } from './answers.ts';
import type { EventFrames } from './event-frames.ts';
import type { Answer, ApiRequest } from './exchange.ts';
import type { FrameOutbox } from './frame-outbox.ts';
import { listAnswer } from './list-answer.ts';
import type { ObjectTexts } from './object-texts.ts';
import { parseInteger, parseListQuery, parseWatchQuery } from './request-options.ts';
import { startWatch } from './watch.ts';

export type ObjectHandler = (request: ApiRequest, target: Target) => Answer | Promise<Answer>;

export type ReadOptions = {
  readonly registry: Registry;
  readonly texts: ObjectTexts;
  readonly frames: EventFrames;
  readonly outbox: FrameOutbox;
  readonly clock: Clock;
  readonly log: Log;
};

export const createObjectReads = (
  options: ReadOptions,
): Readonly<Record<'get' | 'list' | 'watch', ObjectHandler>> => {
  const { registry, texts, clock } = options;
  return {
    get: (request, target) =>
      answersFor(request, target, clock).object(registry.get(target.kind, refOf(target), target.subresource)),
    list: (request, target) => {
      const { presentation, encoding, list } = answersFor(request, target, clock);
      const page = registry.list(target.kind, parseListQuery(request.query, target.namespace));
      return encoding === 'json' ? listAnswer(texts, presentation, page) : list(page);
    },
    watch: (request, target) => watch(options, request, target),
  };
};

const watch = (options: ReadOptions, request: ApiRequest, target: Target): Answer => {
  return startWatch({
    ...options,
    presentation: streamPresentation(request, target.kind, options.clock),
    query: parseWatchQuery(request.query, target.namespace),
    timeoutSeconds: parseInteger(request.query, 'timeoutSeconds'),
  });
};
