import { Alert, Button } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { faultsByField, sayProblem } from '../data/problem.ts';

/** What it uses of a mutation. */
export interface Sending<Input, Answer> {
  readonly error: unknown;
  readonly isPending: boolean;
  mutate(
    input: Input,
    then: { onSuccess: (answer: Answer) => void; onError: (error: unknown) => void },
  ): void;
}

interface Props<Values, Input, Answer> {
  readonly form: UseFormReturnType<Values>;
  readonly sending: Sending<Input, Answer>;
  /** What to send of the values that stand in the fields. */
  readonly read: (values: Values) => Input;
  readonly onSent?: (answer: Answer, values: Values) => void;
  /** Closes the dialog: by the button, and once it is sent. */
  readonly onDone: () => void;
  readonly submit: string;
  readonly isDangerous?: boolean;
  /** Nothing is changed, so that there is nothing to send. */
  readonly isIdle?: boolean;
  readonly children: ReactNode;
}

/**
 * A form in a dialog: one request, cancelled or sent. What is wrong stands at its field, and the first of them has the focus;
 * a problem that speaks of no field stands above them.
 */
export function DialogForm<Values extends object, Input, Answer>(props: Props<Values, Input, Answer>) {
  const { form, sending, read, onSent, onDone } = props;
  const { t } = useTranslation();
  const focusFirst = (faults: object): void => form.getInputNode(Object.keys(faults)[0] ?? '')?.focus();
  const submit = form.onSubmit(
    (values) =>
      sending.mutate(read(values), {
        onSuccess: (answer) => {
          onDone();
          onSent?.(answer, values);
        },
        onError: (error) => {
          form.setErrors(faultsByField(error));
          focusFirst(faultsByField(error));
        },
      }),
    focusFirst,
  );
  return (
    <form onSubmit={submit} noValidate className="form">
      {sending.error !== null && Object.keys(faultsByField(sending.error)).length === 0 && (
        <Alert color="brick" role="alert">
          {sayProblem(sending.error)}
        </Alert>
      )}
      {props.children}
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.cancel')}
        </Button>
        <Button
          type="submit"
          loading={sending.isPending}
          disabled={props.isIdle ?? false}
          {...(props.isDangerous && { color: 'brick' })}
        >
          {props.submit}
        </Button>
      </div>
    </form>
  );
}
