/**
 * Flags as OpenFeature's server SDK asks a provider for them (specification 0.8, section 2: no method throws, each gives the caller's own
 * default with an error code instead). Nothing of the SDK is needed to be one; `OpenFeature.setProvider(createFlagProvider(…))` takes it.
 */
import type { Answer } from './evaluate.ts';
import type { Context, ErrorCode, Reason } from './schemas.ts';

export interface ResolutionDetails<Value> {
  readonly value: Value;
  readonly variant?: string;
  readonly reason: Reason | 'ERROR';
  readonly errorCode?: ErrorCode | 'GENERAL';
  readonly errorMessage?: string;
}

type Resolve<Value> = (key: string, otherwise: Value, context: Context) => Promise<ResolutionDetails<Value>>;

export interface FlagProvider {
  readonly metadata: { readonly name: string };
  readonly runsOn: 'server';
  readonly resolveBooleanEvaluation: Resolve<boolean>;
  readonly resolveStringEvaluation: Resolve<string>;
  readonly resolveNumberEvaluation: Resolve<number>;
  /** No flag of ours is an object. */
  readonly resolveObjectEvaluation: Resolve<unknown>;
}

/** @param ask undefined where there is no such flag */
export function createFlagProvider(
  ask: (key: string, context: Context) => Promise<Answer | undefined>,
): FlagProvider {
  async function resolve<Value>(
    key: string,
    otherwise: Value,
    context: Context,
    fits: (value: unknown) => value is Value,
  ): Promise<ResolutionDetails<Value>> {
    const failed = (errorCode: ErrorCode | 'GENERAL', errorMessage: string): ResolutionDetails<Value> => ({
      value: otherwise,
      reason: 'ERROR',
      errorCode,
      errorMessage,
    });
    try {
      const answer = await ask(key, context);
      if (answer === undefined) return failed('FLAG_NOT_FOUND', `there is no flag ${key}`);
      if ('errorCode' in answer) return failed(answer.errorCode, answer.errorDetails);
      const { value, variant, reason } = answer;
      if (!fits(value)) return failed('TYPE_MISMATCH', `${key} is of type ${typeof value}`);
      return { value, variant, reason };
    } catch (error) {
      // Whoever asks for a flag goes on without it: that is what the default is for.
      return failed('GENERAL', error instanceof Error ? error.message : String(error));
    }
  }
  return {
    metadata: { name: 'shopmind' },
    runsOn: 'server',
    resolveBooleanEvaluation: (key, otherwise, context) =>
      resolve(key, otherwise, context, (value) => typeof value === 'boolean'),
    resolveStringEvaluation: (key, otherwise, context) =>
      resolve(key, otherwise, context, (value) => typeof value === 'string'),
    resolveNumberEvaluation: (key, otherwise, context) =>
      resolve(key, otherwise, context, (value) => typeof value === 'number'),
    resolveObjectEvaluation: (key, otherwise, context) =>
      resolve(key, otherwise, context, (value): value is unknown => typeof value === 'object'),
  };
}
