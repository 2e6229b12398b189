// The browser's side of the shell: the back button, the page's language, drawing with the shipped letters.

(function () {
  document.documentElement.lang = document.currentScript.dataset.lang

  // Letters first: Bokeh measures its texts when it draws.
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
})()
