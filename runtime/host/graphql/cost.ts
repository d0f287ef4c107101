/**
 * What a query would cost, and how deep it goes, told before anything of it is done. A field costs one; one that asks a route costs ten
 * more; a list multiplies what is asked of each of its elements by its length: by `limit` where the field that asked the route takes
 * one, by the length of a list it was given, and by ten elsewhere.
 */
import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  isObjectType,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { ShopError } from '../../platform/errors.ts';

export const MOST_COST = 10_000;
export const MOST_DEPTH = 12;
const ASKS_A_ROUTE = 10;
const USUAL_LENGTH = 10;

export interface Asked {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** @throws ShopError `invalid_input` that names the limit and the place where it is passed */
export function checkCost(asked: Asked): number {
  const root = asked.schema.getRootType(asked.operation.operation);
  if (root === undefined || root === null) return 0;
  let dearest = { where: '', cost: 0 };
  let visited = 0;
  const total = ofSelection(asked, asked.operation.selectionSet, root, undefined, [], {
    visit(where) {
      // What is asked costs at least as much as there are places where it is asked; fragments of fragments make very many.
      if (++visited > MOST_COST) throw tooDear(where);
    },
    cost(where, cost) {
      if (where.length === 1 && cost > dearest.cost) dearest = { where: where.join('/'), cost };
    },
  });
  if (total <= MOST_COST) return total;
  const what = `costs ${dearest.cost} of ${total}; ${MOST_COST} are allowed at once`;
  throw new ShopError('invalid_input', `query/${dearest.where}: ${what}`, {
    remedy: 'Ask for shorter lists (limit), fewer fields of their elements, or in several requests.',
    problems: [{ where: `query/${dearest.where}`, what }],
  });
}

interface Note {
  visit(where: readonly string[]): void;
  cost(where: readonly string[], cost: number): void;
}

/** @param length of the next list, where it is known */
function ofSelection(
  asked: Asked,
  { selections }: SelectionSetNode,
  type: GraphQLNamedType,
  length: number | undefined,
  where: readonly string[],
  note: Note,
): number {
  let cost = 0;
  for (const selection of selections) {
    note.visit(where);
    if (selection.kind === Kind.FIELD) {
      const path = [...where, selection.alias?.value ?? selection.name.value];
      const one = ofField(asked, selection, type, length, path, note);
      note.cost(path, one);
      cost += one;
      continue;
    }
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : asked.fragments.get(selection.name.value);
    if (fragment === undefined) continue;
    const condition = fragment.typeCondition?.name.value;
    const on = condition === undefined ? type : (asked.schema.getType(condition) ?? type);
    cost += ofSelection(asked, fragment.selectionSet, on, length, where, note);
  }
  return cost;
}

function ofField(
  asked: Asked,
  node: FieldNode,
  type: GraphQLNamedType,
  length: number | undefined,
  where: readonly string[],
  note: Note,
): number {
  const { value: name } = node.name;
  // Whether the schema may be looked at is asked elsewhere.
  if (name.startsWith('__')) return 0;
  if (where.length > MOST_DEPTH) throw tooDeep(where);
  const field = isObjectType(type) ? type.getFields()[name] : undefined;
  if (field === undefined) return 0;
  const isRoot = where.length === 1 && asked.schema.getRootType(asked.operation.operation) === type;
  const inner = getNamedType(field.type);
  const isList = isListType(getNullableType(field.type));
  const known = isRoot ? lengthAsked(asked, node, field) : length;
  const elements = isList ? Math.max(1, known ?? USUAL_LENGTH) : 1;
  const own = 1 + (isRoot ? ASKS_A_ROUTE : 0);
  if (node.selectionSet === undefined || !isCompositeType(inner)) return own;
  // The first list of an answer is the one that was limited.
  const passed = isRoot && !isList ? known : undefined;
  return own + elements * ofSelection(asked, node.selectionSet, inner, passed, where, note);
}

function lengthAsked(
  { variables }: Asked,
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
): number | undefined {
  const given = (name: string): unknown => {
    const argument = node.arguments?.find((one) => one.name.value === name);
    return argument === undefined ? undefined : plain(argument.value, variables);
  };
  const limit = field.args.find(({ name }) => name === 'limit');
  if (limit !== undefined)
    return Number(given('limit') ?? limit.defaultValue ?? USUAL_LENGTH) || USUAL_LENGTH;
  const lists = field.args
    .filter(({ type }) => isListType(getNullableType(type)))
    .map(({ name }) => given(name));
  const lengths = lists.flatMap((one) => (Array.isArray(one) ? [one.length] : []));
  return lengths.length === 0 ? undefined : Math.max(...lengths);
}

/** As far as lengths can be told of it. */
function plain(node: ValueNode, variables: Readonly<Record<string, unknown>>): unknown {
  if (node.kind === Kind.VARIABLE) return variables[node.name.value];
  if (node.kind === Kind.LIST) return node.values;
  return node.kind === Kind.INT ? Number(node.value) : undefined;
}

function tooDeep(where: readonly string[]): ShopError {
  const what = `is ${where.length} fields deep; ${MOST_DEPTH} are allowed`;
  return new ShopError('invalid_input', `query/${where.join('/')}: ${what}`, {
    remedy: 'Ask for what lies deeper in a request of its own.',
    problems: [{ where: `query/${where.join('/')}`, what }],
  });
}

function tooDear(where: readonly string[]): ShopError {
  const what = `costs more than the ${MOST_COST} that are allowed at once`;
  return new ShopError('invalid_input', `query/${where.join('/')}: ${what}`, {
    remedy: 'Ask for less at once.',
    problems: [{ where: `query/${where.join('/')}`, what }],
  });
}
