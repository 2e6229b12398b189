// A queue as a list of buttons that changes under the reader's eyes without losing place or focus.

export function render({model, el}) {
  const list = document.createElement("ul")
  list.className = "queue"
  const rows = new Map()

  function row(item) {
    const line = document.createElement("li")
    const button = document.createElement("button")
    button.type = "button"
    button.innerHTML = '<span class="mark"></span><span class="what"><b></b><small></small></span><span class="wait"></span>'
    button.addEventListener("click", () => model.send_msg({id: item.id}))
    line.append(button)
    return line
  }

  function fill(line, item) {
    const button = line.firstChild
    const said = JSON.stringify(item)
    if (line.said !== said) {
      button.querySelector(".mark").innerHTML = model.marks[item.state] || ""
      button.querySelector("b").textContent = item.title
      button.querySelector("small").textContent = item.sub
      const wait = button.querySelector(".wait")
      wait.textContent = item.wait
      wait.className = `wait ${item.tone}`
      button.dataset.id = item.id
      button.dataset.state = item.state
      line.said = said
    }
    button.setAttribute("aria-current", String(item.id === model.chosen))
  }

  function draw() {
    list.setAttribute("aria-label", model.label)
    const top = list.scrollTop
    const held = el.getRootNode().activeElement?.dataset?.id
    const wanted = new Set(model.items.map((item) => item.id))
    for (const [id, line] of rows) { if (!wanted.has(id)) { line.remove(); rows.delete(id) } }
    let before = null
    for (const item of model.items) {
      if (!rows.has(item.id)) { rows.set(item.id, row(item)) }
      const line = rows.get(item.id)
      fill(line, item)
      const next = before ? before.nextSibling : list.firstChild
      if (next !== line) { list.insertBefore(line, next) }
      before = line
    }
    list.scrollTop = top
    if (held && rows.has(held)) { rows.get(held).firstChild.focus({preventScroll: true}) }
  }

  function show() {
    const line = rows.get(model.chosen)
    if (!line) { return }
    const [low, high] = [line.offsetTop - list.offsetTop, line.offsetTop - list.offsetTop + line.offsetHeight]
    if (low < list.scrollTop) { list.scrollTop = low } else if (high > list.scrollTop + list.clientHeight) {
      list.scrollTop = high - list.clientHeight
    }
  }

  // Where the card stands above the queue, the reader is taken to it.
  function reveal(until) {
    if (!model.chosen || !window.matchMedia("(max-width: 1280px)").matches) { return }
    let root = el.getRootNode(), found = null
    while (root && !(found = root.querySelector(".card-box")) && root.host) { root = root.host.getRootNode() }
    if (found && found.offsetHeight > 0) { found.scrollIntoView({block: "start"}) }
    else if (performance.now() < until) { requestAnimationFrame(() => reveal(until)) }
  }

  list.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
    if (!step) { return }
    const now = event.target.closest("li")
    const next = step > 0 ? now?.nextSibling : now?.previousSibling
    if (next) { next.firstChild.focus(); event.preventDefault() }
  })
  model.on("items", draw)
  model.on("chosen", () => { draw(); show(); setTimeout(() => reveal(performance.now() + 4000), 50) })
  draw()
  requestAnimationFrame(show)
  return list
}
