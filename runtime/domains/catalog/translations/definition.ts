/** What is said in the shop's other languages: routes of merchants. Data only; a part of the catalogue. */
import type { RouteDefinition } from '../../../platform/definition.ts';
import { IdParams, VersionQuery } from '../schemas.ts';
import * as s from './schemas.ts';

const MEBIBYTE = 1024 * 1024;

interface Translated {
  /** As in `adminPutProductTranslation`. */
  readonly Of: 'Product' | 'Collection';
  readonly path: string;
  readonly body: typeof s.ProductTranslation | typeof s.CollectionTranslation;
  readonly response: typeof s.ProductTranslations | typeof s.CollectionTranslations;
}

function routesOf({ Of, path, body, response }: Translated): readonly RouteDefinition[] {
  const what = Of.toLowerCase();
  return [
    {
      id: `adminList${Of}Translations`,
      method: 'GET',
      path: `${path}/{id}/translations`,
      summary: `What is said of a ${what} in the shop’s other languages.`,
      audience: 'merchant',
      params: IdParams,
      response,
    },
    {
      id: `adminPut${Of}Translation`,
      method: 'PUT',
      path: `${path}/{id}/translations/{locale}`,
      summary: `Replace what is said of a ${what} in one language; 409 when someone else changed the ${what} since \`version\`.`,
      audience: 'merchant',
      params: s.TranslationParams,
      body,
      maxBodyBytes: MEBIBYTE,
      response,
    },
    {
      id: `adminDelete${Of}Translation`,
      method: 'DELETE',
      path: `${path}/{id}/translations/{locale}`,
      summary: `Take one language out; the ${what} is read as it is written then.`,
      audience: 'merchant',
      params: s.TranslationParams,
      query: VersionQuery,
      response,
    },
  ];
}

export const translationRoutes: readonly RouteDefinition[] = [
  ...routesOf({
    Of: 'Product',
    path: '/api/admin/catalog/products',
    body: s.ProductTranslation,
    response: s.ProductTranslations,
  }),
  ...routesOf({
    Of: 'Collection',
    path: '/api/admin/catalog/collections',
    body: s.CollectionTranslation,
    response: s.CollectionTranslations,
  }),
];
