/** The journal of failovers in ConfigMap `failover`: the API server keeps it, whatever becomes of the databases. */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { configMaps } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/errors.ts';
import { FailoverLostError, Record } from '../../recovery/failover/journal.ts';
import type { Journal } from '../../recovery/failover/journal.ts';
import { FIELD_MANAGER } from '../change/write.ts';

export const JOURNAL = { namespace: SYSTEM_NAMESPACE, name: 'failover' };
const KEY = 'record';

export function createJournal(client: Client): Journal {
  let version: string | undefined;
  return {
    async read() {
      const found = await client.find(configMaps, JOURNAL);
      version = found?.metadata.resourceVersion;
      return recordIn(found);
    },
    async write(record) {
      const data = { [KEY]: JSON.stringify(record) };
      const labels = { 'app.kubernetes.io/part-of': 'shopmind' };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', data };
      const options = { fieldManager: FIELD_MANAGER };
      try {
        const written =
          version === undefined
            ? await client.create(configMaps, { ...object, metadata: { ...JOURNAL, labels } }, options)
            : await client.replace(
                configMaps,
                { ...object, metadata: { ...JOURNAL, labels, resourceVersion: version } },
                options,
              );
        version = written.metadata.resourceVersion;
      } catch (error) {
        if (isConflict(error) || isAlreadyExists(error) || isNotFound(error))
          throw new FailoverLostError('ConfigMap failover was written by somebody else');
        throw error;
      }
    },
  };
}

/** @param found the ConfigMap, where there is one */
export function recordIn(
  found: { readonly data?: Readonly<{ [key: string]: string }> } | undefined,
): Record | undefined {
  const text = found?.data?.[KEY];
  return text === undefined ? undefined : Record.parse(JSON.parse(text));
}
