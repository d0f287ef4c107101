/** `shopmind promote`, `abort`, `hold`, `unhold`, `rollback`, `retry`: what they say of themselves. */
import { READ_TENANTS, TENANT, YES, type CommandDefinition } from '../command.ts';
import type { Verb } from './verbs.ts';

const SUMMARIES: Readonly<Record<Verb, string>> = {
  promote: 'give a new revision every request now, without the steps and gates that are left',
  abort: 'take every request from a new revision now; it is not tried again until the spec changes, or retry',
  hold: 'keep a new revision at the share of requests it has',
  unhold: 'let a held delivery go on',
  rollback: 'go back to the revision that was stable before; the one left counts as refused',
  retry: 'try a refused revision again, from the first step',
};

/** What is felt at once by shoppers is asked for first. */
const ASKED: readonly Verb[] = ['promote', 'rollback'];

function define(verb: Verb): CommandDefinition {
  return {
    name: verb,
    group: 'Roll out',
    summary: SUMMARIES[verb],
    about:
      'The wish is written as an annotation of the Service and names the revision, so that it never acts on a later one. ' +
      'Follows the delivery until it is so.',
    arguments: [
      TENANT,
      {
        name: 'service',
        summary: 'a Service or a domain it hosts; may be left out when one is under way',
        completes: 'service',
      },
    ],
    options: [
      YES,
      { flags: '--no-wait', summary: 'do not follow the delivery' },
      { flags: '--timeout <span>', summary: 'how long to follow it', default: '5m' },
    ],
    examples: [[`${verb} acme`, 'the delivery under way']],
    exitCodes: { 0: 'it is so', 75: 'not within the time' },
    needs: [
      READ_TENANTS,
      {
        group: 'shopmind.ai',
        resources: ['services'],
        verbs: ['list', 'watch', 'patch'],
        where: 'tenant',
        why: 'the wish is an annotation of the Service, the progress its status',
      },
    ],
    async run(call) {
      const { rollout } = await import('./rollout.ts');
      return rollout(verb, ASKED.includes(verb), call);
    },
  };
}

export const promote = define('promote');
export const abort = define('abort');
export const hold = define('hold');
export const unhold = define('unhold');
export const rollback = define('rollback');
export const retry = define('retry');
