// The browser's side of the shell: the back button, the page's language, newer data, a server that was restarted.

(function () {
  const own = document.currentScript.dataset
  document.documentElement.lang = own.lang

  // Letters first: they are measured when something is drawn.
  for (const weight of ["400", "600", "700"]) {
    document.fonts.load(`${weight} 14px Sarabun`, "กขAb").catch(() => {})
  }

  function location_model() {
    for (const doc of (window.Bokeh ? Bokeh.documents : [])) {
      for (const model of doc._all_models.values()) {
        if (model.type === "panel.models.location.Location") { return model }
      }
    }
    return null
  }

  // Panel writes the address when the state changes; walking back must change the state without
  // writing the address again.
  window.addEventListener("popstate", () => {
    const model = location_model()
    if (model == null) { window.location.reload(); return }
    const push = window.history.pushState
    window.history.pushState = () => {}
    try {
      model.search = window.location.search
    } finally {
      window.history.pushState = push
    }
  })

  // What came as plain HTML makes room for the page as soon as that is drawn.
  function make_room() {
    const first = document.getElementById("first")
    const root = window.Bokeh && Bokeh.index && Bokeh.index.roots && Bokeh.index.roots[0]
    if (first && root && root.is_idle) { first.remove() } else if (first || !root) { requestAnimationFrame(make_room) }
  }
  requestAnimationFrame(make_room)

  // The address says everything, so that a page whose server was restarted is simply loaded again.
  const line = document.createElement("div")
  line.id = "live"
  line.hidden = true
  line.setAttribute("role", "status")
  document.addEventListener("DOMContentLoaded", () => document.body.append(line))

  function say(text, link) {
    line.replaceChildren(text)
    if (link) {
      const load = document.createElement("a")
      load.href = window.location.href
      load.textContent = link
      line.append(load)
    }
    line.hidden = !text
  }

  let next = 0

  async function ask() {
    clearTimeout(next)
    let wait = 20000
    try {
      const answer = await fetch("version", {cache: "no-store", signal: AbortSignal.timeout(8000)})
      if (answer.ok) {
        const now = await answer.json()
        if (now.instance !== own.instance) { window.location.reload(); return }
        say(now.version > 0 && Number(own.version) > 0 && String(now.version) !== own.version ? own.fresh : "", own.load)
      }
    } catch {
      say(own.lost)
      wait = 2500
    }
    next = setTimeout(ask, wait)
  }
  next = setTimeout(ask, 5000)
  window.jitasaAsk = ask
  // For those who can't wait: the window is looked at again.
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !line.hidden) { ask() } })
})()
