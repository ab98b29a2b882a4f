import { SegmentedControl, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useOpenTenant } from '../../data/tenants/mutations.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';
import { useOwnMay } from '../../session.ts';

interface OpenCustomerProps {
  readonly words: 'customers' | 'organisations';
  readonly onDone: () => void;
}

export function OpenCustomer({ words, onDone }: OpenCustomerProps) {
  const { t } = useTranslation();
  const may = useOwnMay();
  const open = useOpenTenant();
  const form = useForm({
    initialValues: { name: '', type: 'customer' },
    validate: { name: (value) => (value.trim() ? null : t('form.nameMissing')) },
  });
  return (
    <DialogForm
      form={form}
      sending={open}
      read={({ name, type }) => ({ name: name.trim(), type })}
      onSent={({ name }) =>
        notifications.show({
          title: t('customers.opened', { name }),
          message: t('customers.openedText'),
          autoClose: 10_000,
        })
      }
      onDone={onDone}
      submit={t(`${words}.open`)}
    >
      <TextInput
        label={t('form.name')}
        autoComplete="off"
        data-autofocus
        key={form.key('name')}
        {...form.getInputProps('name')}
      />
      {may('tenants:create') && (
        <SegmentedControl
          aria-label={t('customers.column.type')}
          data={['customer', 'partner'].map((value) => ({ value, label: t(`tenants.type.${value}`) }))}
          {...form.getInputProps('type')}
        />
      )}
    </DialogForm>
  );
}
