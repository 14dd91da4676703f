// One question to one webhook (k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go and
// validating/dispatcher.go, callHook; 1.37).
import type { Log } from '../../../lang/log.ts';
import type { WebhookClient } from '../../webhooks/webhook-client.ts';
import { callFailed, deniedBy, hasSideEffects } from './refusals.ts';
import type { Invocation } from './relevance.ts';
import { reviewOf, verdictOf } from './review.ts';
import type { Verdict } from './review.ts';

export type Caller = { readonly client: WebhookClient; readonly log: Log };

/** As large as the largest object that a request may bring, as a patch in base64. */
const ANSWER_BYTES_MAX = 8 << 20;

/**
 * The verdict of a webhook that allows; undefined if it failed and is to be ignored then. Warnings and annotations have been
 * passed on. Rejects with ApiError if it denies, if it fails, and for a dry run that it cannot take part in.
 */
export const callHook = async (
  { client, log }: Caller,
  invocation: Invocation,
  isMutating: boolean,
): Promise<Verdict | undefined> => {
  const { webhook } = invocation.hook;
  const { dryRun, warn, annotate } = invocation.request.context;
  const { name, sideEffects } = webhook;
  if (dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') throw hasSideEffects(name);
  let verdict: Verdict;
  try {
    verdict = await ask(client, invocation, isMutating);
  } catch (error) {
    const { message } = error as Error;
    if (webhook.failurePolicy !== 'Ignore') throw callFailed(name, message);
    log.warn({ webhook: name, err: message }, 'a webhook failed and is ignored');
    return undefined;
  }
  for (const [key, value] of verdict.annotations) annotate?.(`${name}/${key}`, value);
  for (const warning of verdict.warnings) warn(warning);
  if (!verdict.isAllowed) throw deniedBy(name, verdict.status);
  return verdict;
};

const ask = async (client: WebhookClient, invocation: Invocation, isMutating: boolean): Promise<Verdict> => {
  const { clientConfig, timeoutSeconds = 10 } = invocation.hook.webhook;
  const review = reviewOf(invocation);
  const bounds = { timeoutMs: timeoutSeconds * 1000, answerBytesMax: ANSWER_BYTES_MAX };
  const answer = await client.post(clientConfig, review, bounds).catch((error: Error) => {
    throw new Error(`failed to call webhook: ${error.message}`);
  });
  try {
    return verdictOf(review, answer, isMutating);
  } catch (error) {
    throw new Error(`received invalid webhook response: ${(error as Error).message}`);
  }
};
