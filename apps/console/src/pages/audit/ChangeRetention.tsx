import type { AuditRetention } from '@gatehouse/contracts';
import { Checkbox, NumberInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useSetRetention } from '../../data/audit/retention.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';

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
  return (
    <DialogForm
      form={form}
      sending={change}
      read={({ isForGood, days }) => (isForGood ? null : days)}
      onSent={() => notifications.show({ message: t('audit.retention.changed') })}
      onDone={onDone}
      submit={t('audit.retention.submit')}
    >
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
    </DialogForm>
  );
}
