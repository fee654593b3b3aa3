import { useCurrencies } from '../../account.ts';
import { Field } from '../../components/controls.tsx';

/** The choice among the currencies of the account; `readCurrency` reads it. */
export const CurrencyField = () => {
  const { data = [] } = useCurrencies();
  return (
    <Field label="Currency">
      {(attributes) => (
        <select {...attributes} name="currency">
          {data.map(({ currency, network }) => (
            <option key={`${currency}/${network}`}>{`${currency}/${network}`}</option>
          ))}
        </select>
      )}
    </Field>
  );
};

export const readCurrency = (fields: FormData) => {
  const [currency = '', network = ''] = String(fields.get('currency')).split('/');
  return { currency, network };
};
