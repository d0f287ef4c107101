/** The CEL conditions under which a webhook is asked. */
import { compileCondition, type Condition } from '../../schema/rules.ts';
import { internal } from '../errors.ts';
import type { JsonObject } from '../objects.ts';
import type { Webhook } from './configurations.ts';

export interface Conditions {
  /** Whether all conditions of a webhook hold for a request. @throws {ApiError} 500 when one cannot be told and the webhook must not be passed over */
  hold(webhook: Webhook, question: JsonObject): boolean;
}

export function createConditions(): Conditions {
  const compiled = new WeakMap<Webhook, readonly Condition[]>();

  function conditionsOf(webhook: Webhook): readonly Condition[] {
    let known = compiled.get(webhook);
    if (!known) {
      known = webhook.matchConditions.map(({ expression }) => compileCondition(expression));
      compiled.set(webhook, known);
    }
    return known;
  }

  return {
    hold(webhook, question) {
      if (webhook.matchConditions.length === 0) return true;
      const context: JsonObject = {
        request: question,
        object: question['object'] ?? null,
        oldObject: question['oldObject'] ?? null,
      };
      try {
        return conditionsOf(webhook).every((condition) => condition.run(context) === true);
      } catch (error) {
        if (webhook.failurePolicy === 'Ignore') return false;
        throw internal(
          `a match condition of webhook "${webhook.name}" failed: ${error instanceof Error ? error.message : ''}`,
          error,
        );
      }
    },
  };
}
