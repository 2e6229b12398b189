// The lines of a proposal: each can be left out, or given to another volunteer, before anything is written.

export function render({model, el}) {
  const root = document.createElement("div")
  root.className = "proposal"

  function draw() {
    const lines = model.lines.map((line) => {
      const row = document.createElement("div")
      row.className = "line"
      row.dataset.id = line.id
      const label = document.createElement("label")
      const box = document.createElement("input")
      box.type = "checkbox"
      box.checked = line.chosen !== ""
      const words = document.createElement("span")
      const title = document.createElement("b"), sub = document.createElement("small")
      title.textContent = line.title
      sub.textContent = line.sub
      words.append(title, sub)
      label.append(box, words)
      const pick = document.createElement("select")
      pick.setAttribute("aria-label", `${model.label}: ${line.title}`)
      for (const [value, text] of line.options) { pick.add(new Option(text, value, false, value === line.chosen)) }
      pick.disabled = line.chosen === ""
      const tell = () => {
        pick.disabled = !box.checked
        model.send_msg({id: line.id, volunteer: box.checked ? pick.value : ""})
      }
      box.addEventListener("change", tell)
      pick.addEventListener("change", tell)
      row.append(label, pick)
      return row
    })
    root.replaceChildren(...lines)
  }

  model.on("lines", draw)
  draw()
  return root
}
