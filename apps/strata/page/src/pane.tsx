import type { ComponentChildren } from 'preact'

/** A part of the page, with its name and one sentence of what it shows. */
export interface PaneProps {
  readonly id: string
  readonly title: string
  readonly about: string
  readonly children: ComponentChildren
}

/** Draws a part of the page. */
export function Pane({ id, title, about, children }: PaneProps) {
  return (
    <section class="pane" id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      <p class="about">{about}</p>
      {children}
    </section>
  )
}

/** A number and what it is of. */
export function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
