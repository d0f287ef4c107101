/** The rules of a custom kind, all of which its definition gives. */
import { validateRules } from '../../schema/rules.ts';
import type { KindRules } from '../rules.ts';
import type { CustomVersion } from './definition.ts';

export function customRules(version: CustomVersion): KindRules {
  const { schema, wholeSchema, scale, deprecationWarning } = version;
  return {
    ...(schema ? { schema, validateRules: (object, old) => validateRules(object, schema, old) } : {}),
    ...(wholeSchema ? { wholeSchema } : {}),
    ...(scale ? { scale } : {}),
    ...(deprecationWarning === undefined ? {} : { deprecation: deprecationWarning }),
  };
}
