/**
 * What a person asked for by annotation `shopmind.ai/canary`. Pure; the words are described in crds/meta.ts.
 */
import { CANARY_VERBS } from '../../../../crds/index.ts';

export interface Command {
  readonly verb: (typeof CANARY_VERBS)[number];
  readonly revision: string;
}

const FORM = /^([a-z]+)@([a-z0-9.-]{1,63})(#.*)?$/;

/** `undefined` when it is no command. */
export function parseCommand(value: string): Command | undefined {
  const [, word, revision] = FORM.exec(value) ?? [];
  const verb = CANARY_VERBS.find((one) => one === word);
  return verb === undefined || revision === undefined ? undefined : { verb, revision };
}
