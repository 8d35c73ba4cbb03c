import { html, nothing, type TemplateResult } from 'lit';

export interface Tab<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly note: string | null;
}

/** A tab list with one tab stop; left, right, Home and End move. */
export function tabs<Id extends string>(
  label: string,
  all: readonly Tab<Id>[],
  current: Id,
  onSelect: (id: Id) => void,
): TemplateResult {
  const select = (index: number, list: HTMLElement) => {
    const next = all[(index + all.length) % all.length];
    if (!next) return;
    onSelect(next.id);
    list.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    const index = all.findIndex(tab => tab.id === current);
    const target = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: all.length - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    select(target, event.currentTarget as HTMLElement);
  };
  return html`
    <div class="tabs" role="tablist" aria-label=${label} @keydown=${onKey}>
      ${all.map(
        tab => html`
          <button
            id="tab-${tab.id}"
            role="tab"
            class="tab"
            aria-selected=${tab.id === current}
            aria-controls="panel-${tab.id}"
            tabindex=${tab.id === current ? 0 : -1}
            @click=${() => onSelect(tab.id)}
          >${tab.label}${tab.note === null ? nothing : html` <span class="second">${tab.note}</span>`}</button>
        `,
      )}
    </div>
  `;
}
