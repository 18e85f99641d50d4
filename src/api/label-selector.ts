import { z } from 'zod';
import { text, withRule } from './rules.ts';

type Labels = Readonly<Record<string, string>>;

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
type Operator = (typeof OPERATORS)[number];

const requirementSchema = withRule(
  z
    .strictObject({
      key: text({ maxLength: 317 }).meta({ description: 'Key of the label.' }),
      operator: z
        .enum(OPERATORS)
        .meta({ description: 'How the label is compared with the values.' }),
      values: z
        .array(z.string().max(63))
        .max(100)
        .optional()
        .meta({ description: 'What In and NotIn compare with.' }),
    })
    .meta({ description: 'One thing that a label must be.' }),
  {
    cel: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
    message: 'values must be given for In and NotIn, and for no other operator',
    holds: ({ operator, values = [] }) => takesValues(operator) === values.length > 0,
  },
);

/** A label selector as Kubernetes has them: all of it must hold; an empty one takes everything. */
export const labelSelectorSchema = (description: string) =>
  z
    .strictObject({
      matchLabels: z
        .record(z.string(), z.string())
        .optional()
        .meta({ description: 'Labels that must be there with these very values.' }),
      matchExpressions: z
        .array(requirementSchema)
        .max(100)
        .optional()
        .meta({ description: 'Further things that must hold of labels.' }),
    })
    .meta({ description });

export type LabelSelector = z.output<ReturnType<typeof labelSelectorSchema>>;
type Requirement = z.output<typeof requirementSchema>;

/** Whether `labels` are what `selector` takes. */
export function selects(selector: LabelSelector, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => meets(requirement, labels))
  );
}

function meets({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return operator satisfies never;
  }
}

function takesValues(operator: Operator): boolean {
  return operator === 'In' || operator === 'NotIn';
}
