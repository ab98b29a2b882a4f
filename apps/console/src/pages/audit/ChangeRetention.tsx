import type { AuditRetention } from '@gatehouse/contracts';
import { Alert, Button, Checkbox, NumberInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useSetRetention } from '../../data/audit/retention.ts';
import { sayProblem } from '../../data/problem.ts';

export function ChangeRetention({ retention, onDone }: { retention: AuditRetention; onDone: () => void }) {
  const { t } = useTranslation();
  const change = useSetRetention();
  const { minimumDays } = retention;
  const form = useForm({
    initialValues: { isForGood: retention.days === null, days: retention.days ?? minimumDays },
    validate: {
      days: (value, { isForGood }) =>
        isForGood || (Number.isInteger(value) && value >= minimumDays && value <= 36_500)
          ? null
          : t('audit.retention.atLeast', { count: minimumDays }),
    },
  });
  const submit = form.onSubmit(
    ({ isForGood, days }) =>
      change.mutate(isForGood ? null : days, {
        onSuccess: () => {
          onDone();
          notifications.show({ message: t('audit.retention.changed') });
        },
      }),
    (errors) => form.getInputNode(Object.keys(errors)[0] ?? '')?.focus(),
  );

  return (
    <form onSubmit={submit} noValidate className="form">
      {change.error && (
        <Alert color="brick" role="alert">
          {sayProblem(change.error)}
        </Alert>
      )}
      <Checkbox
        label={t('audit.retention.keep')}
        key={form.key('isForGood')}
        {...form.getInputProps('isForGood', { type: 'checkbox' })}
      />
      {!form.getValues().isForGood && (
        <NumberInput
          label={t('audit.retention.label')}
          description={t('audit.retention.labelText', { count: minimumDays })}
          min={minimumDays}
          max={36_500}
          hideControls
          // What was typed is refused and not turned into another number.
          clampBehavior="none"
          key={form.key('days')}
          {...form.getInputProps('days')}
        />
      )}
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.cancel')}
        </Button>
        <Button type="submit" loading={change.isPending}>
          {t('audit.retention.submit')}
        </Button>
      </div>
    </form>
  );
}
