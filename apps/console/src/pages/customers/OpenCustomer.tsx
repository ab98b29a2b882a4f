import { Alert, Button, SegmentedControl, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { faultsByField, sayProblem } from '../../data/problem.ts';
import { useOpenTenant } from '../../data/tenants/mutations.ts';
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
  const faults = faultsByField(open.error);
  const submit = form.onSubmit(
    ({ name, type }) =>
      open.mutate(
        { name: name.trim(), type },
        {
          onSuccess: (tenant) => {
            onDone();
            notifications.show({
              title: t('customers.opened', { name: tenant.name }),
              message: t('customers.openedText'),
              autoClose: 10_000,
            });
          },
          onError: (error) => form.setErrors(faultsByField(error)),
        },
      ),
    () => form.getInputNode('name')?.focus(),
  );
  return (
    <form onSubmit={submit} noValidate className="form">
      {open.error && Object.keys(faults).length === 0 && (
        <Alert color="brick" role="alert">
          {sayProblem(open.error)}
        </Alert>
      )}
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
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.cancel')}
        </Button>
        <Button type="submit" loading={open.isPending}>
          {t(`${words}.open`)}
        </Button>
      </div>
    </form>
  );
}
