/** The rules of a custom kind, all of which its definition gives. */
import type { KindRules } from '../rules.ts';
import type { CustomVersion } from './definition.ts';

export function customRules(version: CustomVersion): KindRules {
  return {
    ...(version.schema ? { schema: version.schema } : {}),
    ...(version.scale ? { scale: version.scale } : {}),
  };
}
