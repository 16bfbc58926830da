/// A part of the service that has something to do at some moment, whether anybody asks for anything or not. Belongs to the control thread.
protocol TimedPart: AnyObject {
    /// When; nil while there is nothing to do.
    var next: DueTime? { get }

    /// Does what is due by then.
    func pass(at now: Moment)
}
