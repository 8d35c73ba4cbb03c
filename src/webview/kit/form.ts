import { html, nothing, type TemplateResult } from 'lit';
import type { ParameterProperty, ParameterSchema } from '../../model';
import type { FormValues } from '../../protocol';
import { t } from './l10n';

export interface FormContext {
  readonly schema: ParameterSchema;
  readonly values: FormValues;
  readonly problems: Readonly<Record<string, string>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
  set(name: string, value: string | boolean): void;
}

const CODE = new Set(['arguments', 'keyword-arguments', 'literal', 'task']);

/** One field of a declared schema: a name, its input, and the message under it. */
export function field(name: string, form: FormContext): TemplateResult {
  const property = form.schema.properties[name];
  if (!property) return html``;
  const problem = form.problems[name];
  const required = form.schema.required?.includes(name) ?? false;
  const id = `field-${name}`;
  return html`
    <div class="field ${property.type === 'boolean' ? 'check' : ''}">
      <div class="field-head">
        <label for=${id}>${property.title}</label>
        ${required || property.type === 'boolean' || property.format === 'task' ? nothing : html`<span class="second optional">${t('optional')}</span>`}
      </div>
      ${input(name, id, property, form)}
      <div id="${id}-problem" class="field-problem" aria-live="polite">${problem ?? nothing}</div>
      ${property.description && !problem ? html`<div id="${id}-help" class="second">${property.description}</div>` : nothing}
    </div>
  `;
}

function input(name: string, id: string, property: ParameterProperty, form: FormContext): TemplateResult {
  const value = form.values[name];
  const invalid = form.problems[name] !== undefined;
  const described = invalid ? `${id}-problem` : property.description ? `${id}-help` : nothing;
  if (property.type === 'boolean') {
    return html`<input id=${id} type="checkbox" .checked=${value === true} @change=${(event: Event) => form.set(name, (event.target as HTMLInputElement).checked)} />`;
  }
  if (property.enum) {
    return html`
      <select id=${id} aria-describedby=${described} @change=${(event: Event) => form.set(name, (event.target as HTMLSelectElement).value)}>
        ${property.enum.map(option => html`<option value=${option} ?selected=${String(value ?? property.default ?? '') === option}>${option}</option>`)}
      </select>
    `;
  }
  const onInput = (event: Event) => form.set(name, (event.target as HTMLInputElement | HTMLTextAreaElement).value);
  const text = value === null || value === undefined ? '' : String(value);
  const placeholder = property.default === undefined ? nothing : String(property.default);
  if (property.format === 'arguments' || property.format === 'keyword-arguments' || property.format === 'literal') {
    return html`<textarea id=${id} class="code" rows=${Math.min(8, Math.max(1, text.split('\n').length))} spellcheck="false" placeholder=${placeholder} aria-invalid=${invalid} aria-describedby=${described} .value=${text} @input=${onInput}></textarea>`;
  }
  const options = form.lists[name];
  return html`
    <input
      id=${id}
      class=${CODE.has(property.format ?? '') ? 'code' : ''}
      spellcheck="false"
      autocomplete="off"
      list=${options ? `${id}-list` : nothing}
      inputmode=${property.type === 'integer' ? 'numeric' : nothing}
      placeholder=${placeholder}
      aria-invalid=${invalid}
      aria-describedby=${described}
      .value=${text}
      @input=${onInput}
    />
    ${options ? html`<datalist id="${id}-list">${options.map(option => html`<option value=${option}></option>`)}</datalist>` : nothing}
  `;
}
