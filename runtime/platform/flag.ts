/** Yes or no in a query, written as the API's description says it and in no other way: `1`, `yes` or `TRUE` would be taken and not told. */
import { z } from 'zod';

export const flag = () => z.stringbool({ truthy: ['true'], falsy: ['false'], case: 'sensitive' });
