/** `shopmind export`, `erase` and `receipt`: what they say of themselves. */
import { READ_TENANTS, TENANT, YES, type CommandDefinition } from '../command.ts';
import { DATA_PLANE_NEEDS } from '../plan/command.ts';

const CUSTOMER = "the customer's id, as the admin API lists it";
const NEEDS = [READ_TENANTS, ...DATA_PLANE_NEEDS];

export const exportData: CommandDefinition = {
  name: 'export',
  group: 'Data',
  summary: 'all data of a tenant, or of one of its customers, as one archive',
  about:
    'Rows as JSON lines, objects as files, and export.json, which says what there is. Of one moment of the database. Says what of the ' +
    'tenant is kept in systems it does not read.',
  arguments: [TENANT],
  options: [
    { flags: '--customer <id>', summary: `of this customer only: ${CUSTOMER}` },
    { flags: '--to <folder>', summary: 'where the archive goes', default: '.', completes: 'file' },
  ],
  examples: [
    ['export acme --customer cus_0192', 'what somebody asked to see (GDPR, article 15)'],
    ['export acme --to /backups', 'the whole shop'],
  ],
  needs: NEEDS,
  async run(call) {
    return (await import('./subject.ts')).exportData(call);
  },
};

export const erase: CommandDefinition = {
  name: 'erase',
  group: 'Data',
  summary: 'erase a customer, and print the signed receipt of what was removed where',
  about:
    'Orders stay for the books, without the person. Killed or failed, the same command goes on. The receipt is given once nothing is ' +
    'found any more, and names no value of theirs. Who had asked for it is told ' +
    'by a last mail just before. Backups made before keep what they have until they are removed.',
  arguments: [TENANT],
  options: [{ flags: '--customer <id>', summary: CUSTOMER, required: true }, YES],
  examples: [['erase acme --customer cus_0192 > receipt.json', 'as somebody asked (GDPR, article 17)']],
  exitCodes: { 1: 'something is left, or it failed: no receipt' },
  needs: NEEDS,
  async run(call) {
    return (await import('./subject.ts')).erase(call);
  },
};

export const receipt: CommandDefinition = {
  name: 'receipt',
  group: 'Data',
  summary: 'check the signed receipt of an erasure',
  about: 'Needs no cluster. With --key also that it is the platform whose key you know that signed it.',
  arguments: [{ name: 'file', summary: 'the receipt', required: true, completes: 'file' }],
  options: [{ flags: '--key <fingerprint>', summary: 'of the platform, as it publishes it: SHA256:…' }],
  examples: [['receipt receipt.json', 'whether it is as it was signed']],
  exitCodes: { 1: 'it is not' },
  needs: [],
  cluster: false,
  async run(call) {
    return (await import('./subject.ts')).receipt(call);
  },
};
