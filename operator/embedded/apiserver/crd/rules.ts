/** The rules of a custom kind, all of which its definition gives. */
import { applyDefaults } from '../../schema/default.ts';
import { prune } from '../../schema/prune.ts';
import { validateRules } from '../../schema/rules.ts';
import type { KindRules, Versions } from '../rules.ts';
import type { CustomVersion, Definition } from './definition.ts';

/**
 * @param since the store's revision when the definition became what it is: what was written before may lack defaults
 * @param webhook converts between versions, where the definition names one
 */
export function customRules(
  version: CustomVersion,
  definition: Definition,
  since: number,
  webhook: Versions['webhook'],
): KindRules {
  const { schema, wholeSchema, scale, deprecationWarning } = version;
  const versions: Versions = {
    isWhole: (entry) => entry.revision > since,
    complete(object) {
      if (wholeSchema) prune(object, wholeSchema);
      if (schema) applyDefaults(object, schema);
    },
    prune(object) {
      if (wholeSchema) prune(object, wholeSchema);
    },
    typeOf: (name) => definition.versions.find(({ type }) => type.version === name)?.type,
    ...(webhook ? { webhook } : {}),
  };
  return {
    versions,
    ...(schema ? { schema, validateRules: (object, old) => validateRules(object, schema, old) } : {}),
    ...(wholeSchema ? { wholeSchema } : {}),
    ...(scale ? { scale } : {}),
    ...(deprecationWarning === undefined ? {} : { deprecation: deprecationWarning }),
  };
}
